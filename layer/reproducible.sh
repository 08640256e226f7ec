#!/bin/sh
# reproducible.sh <architecture>: builds the layer and the demo function again, from the files that git tracks, in a folder with another name, and
# compares the zips with those in artifacts/ byte by byte.
set -eu
architecture=$1
root=$(cd "$(dirname "$0")/.." && pwd)
copy=$(mktemp -d "${TMPDIR:-/var/tmp}/telemetry-extension-again-XXXXXX")
trap 'rm -rf "$copy"' EXIT

(cd "$root" && git ls-files -z --cached --others --exclude-standard |
    tar --null --ignore-failed-read --files-from=- -cf - 2>/dev/null) | tar -xf - -C "$copy"
# The same packages of the other architecture.
[ ! -d "$root/artifacts/sysroot" ] || { mkdir -p "$copy/artifacts" && cp -r "$root/artifacts/sysroot" "$copy/artifacts/"; }
make --no-print-directory -C "$copy/layer" package "ARCHITECTURE=$architecture" >"$copy/log" 2>&1 || { cat "$copy/log" >&2; exit 1; }
different=0
for zip in "telemetry-extension-layer-$architecture.zip" "demo-function-$architecture.zip"; do
    if cmp "$root/artifacts/$zip" "$copy/artifacts/$zip"; then echo "$zip: the bytes are the same"; else different=1; fi
done
exit "$different"
