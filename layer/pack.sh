#!/bin/sh
# pack.sh <folder> <zip> [max bytes]: packs all files of a folder so that the same content gives the same bytes. Order, times and modes are
# fixed here, and no other file attribute (owner, access time, umask) is stored. advzip makes the zip 3 % smaller.
set -eu
folder=$1 zip=$2 max=${3:-}

rm -f "$zip" "$zip.new"
find "$folder" -type f -perm /100 -exec chmod 0755 {} +
find "$folder" -type f ! -perm /100 -exec chmod 0644 {} +
export TZ=UTC LC_ALL=C
find "$folder" -exec touch -t 198001010000 {} +
(cd "$folder" && find . -type f | sed 's|^\./||' | sort | zip -q -X -D -9 - -@) >"$zip.new"
if command -v advzip >/dev/null 2>&1; then
    advzip -q -z -3 "$zip.new"
else
    echo "advzip is missing: the zip is 3 % larger (package advancecomp)" >&2
    max=${max:+$((max * 103 / 100))}
fi
size=$(stat -c %s "$zip.new")
if [ -n "$max" ] && [ "$size" -gt "$max" ]; then
    echo "$(basename "$zip") has $size bytes, more than its budget of $max; make size lists the parts" >&2
    exit 1
fi
mv "$zip.new" "$zip"
echo "$(basename "$zip"): $size bytes, sha256 $(sha256sum "$zip" | cut -c 1-16)"
unzip -Z1 "$zip" | sed 's/^/  /'
