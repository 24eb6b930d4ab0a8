#!/bin/sh
# The planted failures: passes if a command fails in the way that was planned.
#
#     must_fail.sh STATUS TEXT COMMAND...
#
# COMMAND must exit with STATUS and print TEXT, so that a crash or a missing file is no success.
set -u

if [ $# -lt 3 ]; then
    echo "must_fail: say STATUS TEXT COMMAND..." >&2
    exit 2
fi
wanted=$1
text=$2
shift 2

output=$("$@" 2>&1)
status=$?
printf '%s\n' "$output"
if [ "$status" -ne "$wanted" ]; then
    echo "must_fail: exit status $status, not $wanted: the gate did not close" >&2
    exit 1
fi
case $output in
*"$text"*) exit 0 ;;
esac
echo "must_fail: the output does not say '$text'" >&2
exit 1
