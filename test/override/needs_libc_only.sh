#!/bin/sh
# Passes if a library depends on the C library alone.
#
#     needs_libc_only.sh LIBRARY
set -eu

needed=$(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p')
if [ -z "$needed" ]; then
    echo "needs_libc_only: $1 needs nothing at all: not a library?" >&2
    exit 1
fi
for library in $needed; do
    case $library in
    libc.so.* | ld-linux*.so.* | ld64.so.*) ;;
    *)
        echo "needs_libc_only: $1 needs $library" >&2
        exit 1
        ;;
    esac
done
echo "$needed"
