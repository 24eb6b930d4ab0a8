#!/bin/sh
# The shared library's own page, seen from outside: behind its mappings is one that is read-only.
#
#     sealed_library.sh LIBRARY
set -u

maps=$(LD_PRELOAD=$1 cat /proc/self/maps) || exit 1
printf '%s\n' "$maps" | awk -v name="$(basename "$(readlink -f "$1")")" '
    { split($1, at, "-") }
    index($0, name) { end = at[2]; next }
    at[1] == end && NF == 5 { end = at[2]; if ($2 == "r--p") found = 1; next }
    { end = "" }
    END { if (!found) { print "no read-only page behind the library"; exit 1 } }'
