#!/bin/sh
# Preloads the library into dlopen_late and lets it load a copy of the file under another name.
#
#     second_copy.sh PROGRAM LIBRARY FOLDER
set -eu

mkdir -p "$3"
cp -f "$2" "$3/second-copy.so"
LD_PRELOAD=$2 exec "$1" "$3/second-copy.so" copy
