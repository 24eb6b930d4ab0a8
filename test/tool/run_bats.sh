#!/bin/sh
# run_bats.sh FILE: one file of bats tests, as one test of ctest.
set -eu

if ! command -v bats >/dev/null; then
    echo "bats is missing: apt-get install bats" >&2
    [ "${ASH_NO_SKIP:-0}" = 1 ] && exit 1
    exit 77
fi
exec bats --print-output-on-failure "$1"
