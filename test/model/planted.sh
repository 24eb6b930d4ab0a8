#!/bin/sh
# planted.sh MESSAGE COMMAND...: passes only if COMMAND fails with status 1 and
# prints MESSAGE (a basic regular expression) on standard error. A gate that has
# never been seen to fail proves nothing; this is how each one is seen to fail.
set -u
if [ $# -lt 2 ]; then
    echo "usage: planted.sh MESSAGE COMMAND..." >&2
    exit 2
fi
message=$1
shift
output=$("$@" 2>&1 >/dev/null)
status=$?
if [ "$status" -ne 1 ]; then
    printf 'planted fault not reported: status %s, not 1, from: %s\n%s\n' \
        "$status" "$*" "$output" >&2
    exit 1
fi
if ! printf '%s\n' "$output" | grep -q -e "$message"; then
    printf 'the report lacks "%s":\n%s\n' "$message" "$output" >&2
    exit 1
fi
printf 'the planted fault was reported: %s\n' "$message"
