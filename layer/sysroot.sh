#!/bin/sh
# sysroot.sh <rid>: prepares the files to compile and link a binary for another architecture. The cross compiler has its own C library;
# OpenSSL is downloaded as a Debian package and unpacked below artifacts/. Nothing of the other architecture is installed on the host:
# apt uses separate lists and a separate status file. An incomplete sysroot is created again. Each failure prints one line with the command that helps.
set -eu
rid=$1
. "$(dirname "$0")/toolchain.sh"
$cross || exit 0

fail() { echo "no layer for $architecture: $1" >&2; exit 1; }

compiler="as root: apt-get install -y gcc-$(echo "$triplet" | tr _ -) libc6-dev-$debian-cross"
command -v "$CC" >/dev/null 2>&1 && command -v "$OBJCOPY" >/dev/null 2>&1 ||
    fail "the cross compiler $CC is missing; $compiler"
[ -f "$("$CC" -print-file-name=libc.a)" ] || fail "the static C library for $triplet is missing; $compiler"

complete() {
    for file in lib/$triplet/libssl.a lib/$triplet/libcrypto.a include/openssl/ssl.h include/$triplet/openssl/opensslconf.h; do
        [ -s "$SYSROOT/usr/$file" ] || return 1
    done
}
complete && exit 0

again="rm -rf $SYSROOT && make layer ARCHITECTURE=$architecture"
echo "unpacking libssl-dev for $architecture into artifacts/sysroot"
rm -rf "$SYSROOT"
why=$("$(dirname "$0")/../infra/dev/unpack-package.sh" "$debian" libssl-dev "$SYSROOT" 2>&1) ||
    fail "libssl-dev:$debian cannot be downloaded ($why); give apt a source that has it (Ubuntu: ports.ubuntu.com), then: $again"
complete || fail "the package libssl-dev:$debian has not the expected files; look into $SYSROOT, then: $again"
