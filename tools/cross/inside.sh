#!/bin/bash
# Runs a program of another Debian suite, unpacked in a folder: the folder becomes its root.
#
#     inside.sh ROOT TREES [-E NAME=VALUE]... PROGRAM [ARGUMENT...]
#
# TREES are folders (separated by colons) that the program finds under their own names, beside
# /proc, /dev, /sys and /tmp. All of it happens in a mount namespace that ends with the program, so
# the system never sees a mount. -E sets a variable for the program alone, as qemu's -E does.
set -eu

if [ "$#" -lt 3 ]; then
    echo "inside: say ROOT TREES PROGRAM" >&2
    exit 2
fi
if [ "${ASH_INSIDE:-}" != yes ]; then
    # Root needs no user namespace, and where root may not mount it can still make one.
    as_root=()
    if [ "$(id -u)" != 0 ] || ! unshare --mount true 2>/dev/null; then
        as_root=(--map-root-user)
    fi
    ASH_INSIDE=yes exec unshare --mount "${as_root[@]}" "$0" "$@"
fi
unset ASH_INSIDE

root=$1
IFS=: read -ra trees <<<"$2:/proc:/dev:/sys:/tmp"
shift 2
for tree in "${trees[@]}"; do
    [ -d "$root$tree" ] || mkdir -p "$root$tree"
    mount --rbind "$tree" "$root$tree"
done
settings=(PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin)
while [ "$1" = -E ]; do
    settings+=("$2")
    shift 2
done
exec unshare --root="$root" --wd="$PWD" /usr/bin/env "${settings[@]}" "$@"
