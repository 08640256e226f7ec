#!/bin/sh
# openssl.sh <rid> <folder>: copies OpenSSL's static archives without unwind tables. OpenSSL is C and nothing unwinds through it; the tables
# are half a megabyte of the binary. The archives of the host or of the sysroot are not changed.
set -eu
rid=$1 folder=$2
. "$(dirname "$0")/toolchain.sh"

mkdir -p "$folder"
for library in libssl.a libcrypto.a; do
    original=$(find_archive "$library")
    if [ ! "$folder/$library" -nt "$original" ]; then
        "$OBJCOPY" --remove-section .eh_frame --remove-section .rela.eh_frame "$original" "$folder/$library.new"
        mv "$folder/$library.new" "$folder/$library"
    fi
done
