#!/bin/sh
# Runs the heap's scenarios under GenMC (https://github.com/MPI-SWS/genmc), if it is on the PATH or
# named by $GENMC. Not a test of ctest: GenMC is in no distribution.
#
#   genmc.sh [--imm] [SCENARIO...]   the scenarios as they are; all that end within minutes, if none
#                                    is named. The number of executions is that of sched_heap.
#   genmc.sh [--imm] --weakened      each line of orders.txt: GenMC has to find an error
#
# The exit status is 1 if anything is not as it should be.
set -u

here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
genmc=${GENMC:-genmc}
model=--rc11
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# The scenario's number: GenMC compiles one at a time.
number_of() {
    sed -n 's/^    {"\([a-z_]*\)",.*/\1/p' "$here/heap.c" | grep -nx "$1" | cut -d: -f1
}

# check SCENARIO [FOLDER]: runs it; files in FOLDER come before the library's.
check() {
    number=$(number_of "$1")
    if [ -z "$number" ]; then
        echo "genmc.sh: heap.c has no scenario $1" >&2
        exit 2
    fi
    # GenMC interprets no assembly; for a compiler that is unknown cpu.h has none.
    "$genmc" "$model" --disable-estimation -- -DSCENARIO="$((number - 1))" -DASH_DEBUG=1 \
        -DASH_HOSTILE=1 -DASH_AUDIT=0 -D__TINYC__ \
        -I"${2:-$work}" -I"$here/small" -I"$here" -I"$root/src" \
        -I"$root/include" "$here/genmc.c" >"$work/log" 2>&1
}

scenario() {
    if check "$1" && grep -q '^No errors' "$work/log"; then
        echo "$1: $(sed -n 's/^Number of complete executions explored: //p' "$work/log") complete" \
            "executions, no errors, $(sed -n 's/^Total wall-clock time: //p' "$work/log")"
    else
        echo "$1: FAILED"
        tail -n 30 "$work/log"
        failed=1
    fi
}

# weaken ACCESS ORDER: a copy of the file that makes the access, in $work/src.
weaken() {
    rm -rf "$work/src"
    for file in heap/news.h heap/tenure.h heap/registry.c; do
        python3 "$here/weaken.py" "$root/src/$file" "$1" "$2" "$work/src/$file" && return
    done
    echo "genmc.sh: nothing makes this access: $1" >&2
    exit 2
}

weakened() {
    while IFS='|' read -r program scenario access order weaker; do
        [ "$program" = 'heap ' ] || continue
        # Without the blanks around the columns.
        scenario=$(echo "$scenario" | tr -d ' ')
        access=$(echo "$access" | sed 's/^ //; s/ $//')
        weaker=$(echo "$weaker" | tr -d ' ')
        weaken "$access" "$weaker"
        check "$scenario" "$work/src"
        if error=$(grep -m 1 '^Error' "$work/log"); then
            echo "$access,$order-> $weaker: $scenario: $error"
        else
            echo "$access,$order-> $weaker: $scenario: NOT FOUND"
            tail -n 30 "$work/log"
            failed=1
        fi
    done <"$here/orders.txt"
}

if ! command -v "$genmc" >/dev/null; then
    echo "genmc.sh: no $genmc; build it by hand (its README says how) and name it in GENMC" >&2
    exit 2
fi
if [ "${1:-}" = --imm ]; then
    model=--imm
    shift
fi
if [ "${1:-}" = --weakened ]; then
    weakened
else
    [ $# -gt 0 ] || set -- publish chains requeue take leave adopt pass_on take_over \
        take_over_tended take_over_and_leave one_heir registry
    for name; do
        scenario "$name"
    done
fi
exit "$failed"
