#!/bin/sh
# Runs a static program with an option in the environment.
#
#     privileged.sh PROGRAM           by nobody, with the rights of root, its owner (set-user-ID)
#     privileged.sh PROGRAM plain     as it is
#
# Exit status 77, or 1 with ASH_NO_SKIP=1, where the first cannot be done: it takes root.
set -eu

skip() {
    echo "skipped: $1"
    [ "${ASH_NO_SKIP:-0}" != 1 ] || exit 1
    exit 77
}

export ASHLAR_PURGE_DELAY=123ms
if [ "${2:-}" = plain ]; then
    exec "$1" plain
fi
[ "$(id -u)" = 0 ] || skip "only root can make a program of root's"
command -v setpriv >/dev/null || skip "setpriv (util-linux) is missing"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
program=$folder/program
cp "$1" "$program"
chmod 755 "$folder"
chmod 4755 "$program"
status=0
setpriv --reuid=65534 --regid=65534 --clear-groups "$program" || status=$?
[ "$status" != 77 ] || skip "see above"
exit "$status"
