#!/bin/sh
# check.sh <binary> <max bytes>: what must hold for a binary that runs on al2, al2023 and every managed runtime alike.
set -eu
binary=$1 max=$2

size=$(stat -c %s "$binary")
if readelf --program-headers "$binary" | grep -q INTERP || readelf --dynamic "$binary" | grep -q NEEDED; then
    echo "$binary is not statically linked: it would depend on the glibc of the runtime it meets" >&2
    exit 1
fi
if [ "$size" -gt "$max" ]; then
    echo "$binary has $size bytes, more than its budget of $max" >&2
    exit 1
fi
echo "$(basename "$binary"): statically linked, $size bytes of at most $max"
