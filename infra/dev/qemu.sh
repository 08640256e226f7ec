#!/bin/sh
# qemu.sh <machine>: prints the path of the user-mode emulator for a machine (aarch64, x86_64), static. Where it is not installed, the script unpacks its package
# below artifacts/. When that fails too, it prints one line on standard error and exits 1.
set -eu
name=qemu-$1-static
folder=$(cd "$(dirname "$0")/../.." && pwd)/artifacts/qemu

if command -v "$name" 2>/dev/null; then exit 0; fi
if [ ! -x "$folder/usr/bin/$name" ]; then
    why=$("$(dirname "$0")/unpack-package.sh" "$(dpkg --print-architecture 2>/dev/null || echo unknown)" qemu-user-static "$folder" 2>&1) ||
        { echo "$name is missing and its package cannot be unpacked ($why); as root: apt-get install -y qemu-user-static" >&2; exit 1; }
fi
echo "$folder/usr/bin/$name"
