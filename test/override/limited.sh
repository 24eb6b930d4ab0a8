#!/bin/bash
# Runs a program in 256 MB of address space.
#
#     limited.sh LIBRARY PROGRAM...    LIBRARY is preloaded; `-` preloads nothing
#
# The limit is set first and the library preloaded into the program alone.
set -eu

library=$1
shift
ulimit -v 262144
if [ "$library" = - ]; then
    exec "$@"
fi
LD_PRELOAD=$library exec "$@"
