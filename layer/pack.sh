#!/bin/sh
# pack.sh <folder> <zip>: packs all files of a folder so that the same content gives the same bytes. Order, times and modes are
# fixed here, and nothing else of the file system (owner, access time, umask) gets in.
set -eu
folder=$1 zip=$2

rm -f "$zip"
find "$folder" -type f -perm /100 -exec chmod 0755 {} +
find "$folder" -type f ! -perm /100 -exec chmod 0644 {} +
export TZ=UTC LC_ALL=C
find "$folder" -exec touch -t 198001010000 {} +
(cd "$folder" && find . -type f | sed 's|^\./||' | sort | zip -q -X -D -9 "$zip" -@)
echo "$(basename "$zip"): $(stat -c %s "$zip") bytes, sha256 $(sha256sum "$zip" | cut -c 1-16)"
unzip -Z1 "$zip" | sed 's/^/  /'
