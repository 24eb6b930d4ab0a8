#!/bin/sh
# Runs a program in a memory cgroup of its own.
#
#     cgroup.sh MEGABYTES PROGRAM...
#
# Exit status 77, or 1 with ASH_NO_SKIP=1, where no such group can be made: it takes root.
set -eu

skip() {
    echo "skipped: $1"
    [ "${ASH_NO_SKIP:-0}" != 1 ] || exit 1
    exit 77
}

bytes=$(($1 << 20))
shift
name=ashlar_test.$$
if [ -e /sys/fs/cgroup/memory/memory.limit_in_bytes ]; then
    group=/sys/fs/cgroup/memory/$name
    limits="memory.limit_in_bytes memory.memsw.limit_in_bytes"
else
    group=/sys/fs/cgroup/$name
    limits="memory.max memory.swap.max"
fi
mkdir "$group" 2>/dev/null || skip "no memory cgroup can be made"
trap 'rmdir "$group"' EXIT
for limit in $limits; do
    value=$bytes
    [ "$limit" != memory.swap.max ] || value=0
    # Groups count what is swapped out only where the kernel was told to.
    [ -e "$group/$limit" ] || continue
    echo "$value" >"$group/$limit" || skip "the cgroup takes no limit"
done
[ -e "$group/${limits%% *}" ] || skip "the memory controller is not in use"
# The shell between moves into the group and becomes the program.
# shellcheck disable=SC2016
sh -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' sh "$group" "$@"
