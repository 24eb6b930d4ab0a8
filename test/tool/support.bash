# shellcheck shell=bash disable=SC2154 # bats sets `output`
# Shared by the tests of the tool. ASHLAR_BIN, ASHLAR_LIBRARY and TOOL_HELPERS (the folder of
# the helper programs) come from ctest; README.md says how to set them by hand.

bats_require_minimum_version 1.5.0

setup() {
    : "${ASHLAR_BIN:?set ASHLAR_BIN to the ashlar command}"
    : "${ASHLAR_LIBRARY:?set ASHLAR_LIBRARY to libashlar.so}"
    : "${TOOL_HELPERS:?set TOOL_HELPERS to the folder of the helper programs}"
    export ASHLAR_LIBRARY
    unset LD_PRELOAD NO_COLOR
    cd "$BATS_TEST_TMPDIR" || return 1
}

ashlar() {
    "$ASHLAR_BIN" "$@"
}

# Skips when an optional program is missing, which continuous integration does not allow.
need() {
    if ! command -v "$1" >/dev/null; then
        [ "${ASH_NO_SKIP:-0}" != 1 ] || fail_with "$1 is missing, and nothing may be skipped"
        skip "$1 is missing"
    fi
}

fail_with() {
    echo "$*" >&2
    return 1
}

# The output (of `run`) has this text, wherever its lines are broken.
says() {
    case ${output//$'\n'/ } in
    *"$1"*) ;;
    *)
        echo "expected: $1"
        echo "got:      $output"
        return 1
        ;;
    esac
}

says_not() {
    case ${output//$'\n'/ } in
    *"$1"*) fail_with "not expected: $1, in: $output" ;;
    esac
}

# A copy of libashlar.so that is no allocator at all.
empty_library() {
    cp "$TOOL_HELPERS/libempty.so" "$1"
}
