#!/bin/sh
# check.sh <binary> <rid> <max bytes>: checks that a binary can run on al2, al2023 and every managed runtime.
set -eu
binary=$1 rid=$2 max=$3

case $rid in
    linux-x64) machine=X86-64 ;;
    linux-arm64) machine=AArch64 ;;
    *) echo "there is no layer for $rid" >&2; exit 1 ;;
esac
size=$(stat -c %s "$binary")
if ! readelf --file-header "$binary" | grep -q "Machine:.*$machine"; then
    echo "$binary is not for $machine:$(readelf --file-header "$binary" | sed -n 's/.*Machine://p')" >&2
    exit 1
fi
if readelf --program-headers "$binary" | grep -q INTERP || readelf --dynamic "$binary" | grep -q NEEDED; then
    echo "$binary is not statically linked: it would depend on the runtime's glibc" >&2
    exit 1
fi
if [ "$size" -gt "$max" ]; then
    echo "$binary has $size bytes, more than its budget of $max; make size lists the parts" >&2
    exit 1
fi
echo "$(basename "$binary"): statically linked for $machine, $size bytes of at most $max"
