#!/bin/sh
# Passes if a program runs and has ashlar's code linked into it.
#
#     contains_ashlar.sh PROGRAM
set -eu

if ! nm "$1" | grep -q ' [Tt] ash_'; then
    echo "contains_ashlar: $1 does not contain ashlar" >&2
    exit 1
fi
exec "$1"
