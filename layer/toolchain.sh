# Sourced with $rid set. Defines the names of the native tools for it, and the place of its static libraries.

case $rid in
    linux-x64) triplet=x86_64-linux-gnu debian=amd64 architecture=x86_64 ;;
    linux-arm64) triplet=aarch64-linux-gnu debian=arm64 architecture=arm64 ;;
    *) echo "there is no layer for $rid" >&2; exit 1 ;;
esac
# A binary for the host's architecture is built with the host's compiler and libraries.
case $rid-$(uname -m) in
    linux-x64-x86_64 | linux-arm64-aarch64) cross=false CC=gcc OBJCOPY=objcopy ;;
    *) cross=true CC=$triplet-gcc OBJCOPY=$triplet-objcopy ;;
esac
# sysroot.sh unpacks the packages of another architecture here.
SYSROOT=$(cd "$(dirname "$0")/.." && pwd)/artifacts/sysroot/$triplet

find_archive() { if $cross; then echo "$SYSROOT/usr/lib/$triplet/$1"; else "$CC" -print-file-name="$1"; fi; }
