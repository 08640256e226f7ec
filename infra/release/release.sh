#!/bin/sh
# release.sh [--artifacts FOLDER] [--out FOLDER] [--tag TAG]: creates a release from the zips that `make layer ARCHITECTURE=all` wrote:
# zips, bills of material, the layer as a container image (an OCI layout in a tar), release notes, SHA-256 sums and their signature.
#
#   --artifacts FOLDER   where the zips are (default artifacts)
#   --out FOLDER         where the release goes (default artifacts/release)
#   --tag TAG            fails unless TAG is v and the version, and CHANGELOG.md has a section for it
#
# The version is only in Directory.Build.props. Keys are passed as variables, and none of them is required:
#   RELEASE_SIGNING_KEY    file of an SSH private key: SHA256SUMS.sig, for `ssh-keygen -Y verify`
#   RELEASE_MINISIGN_KEY   file of a minisign secret key without a password: SHA256SUMS.minisig
# The same zips give the same files.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
artifacts=artifacts out='' tag=''
fail() { echo "release.sh: $1" >&2; exit 1; }

while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) sed -n '2,/^set -eu/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
        --artifacts | --out | --tag) [ $# -ge 2 ] || fail "$1 needs a value" ;;
        *) fail "unknown option $1; --help lists them" ;;
    esac
    eval "${1#--}=\$2"
    shift 2
done
out=${out:-$artifacts/release}

version=$(sed -n 's|.*<Version>\(.*\)</Version>.*|\1|p' "$root/Directory.Build.props")
[ -n "$version" ] || fail "Directory.Build.props has no <Version>"
section=$version
if [ -n "$tag" ]; then
    [ "$tag" = "v$version" ] || fail "the tag is $tag, but Directory.Build.props has version $version"
else
    grep -qF "## [$version]" "$root/CHANGELOG.md" || section=Unreleased
fi
notes=$(awk -v head="## [$section]" 'index($0, head) == 1 { found = 1; next } found && /^## \[/ { exit } found && /^\[[^]]*\]: / { exit } found' "$root/CHANGELOG.md")
[ -n "$notes" ] || fail "CHANGELOG.md has no section [$section]"

# Replace only an earlier release.
[ ! -e "$out" ] || [ -f "$out/SHA256SUMS" ] || [ -z "$(ls -A "$out")" ] || fail "$out exists and is no release"
rm -rf "$out"
mkdir -p "$out"
for architecture in x86_64 arm64; do
    layer=$artifacts/telemetry-extension-layer-$architecture
    for file in "$layer.zip" "$layer.cdx.json"; do
        [ -f "$file" ] || fail "$file is missing: run make layer ARCHITECTURE=all"
        cp "$file" "$out/"
    done
done

image=$out/image
IMAGE_VERSION=$version "$root/infra/container/layer-image.sh" "$image" "$out/telemetry-extension-layer-x86_64.zip" "$out/telemetry-extension-layer-arm64.zip"
tar --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --mtime=@315532800 --format=ustar -cf "$out/telemetry-extension-layer-oci.tar" -C "$image" .
rm -rf "$image"
printf '%s\n' "$notes" | sed '/./,$!d' >"$out/RELEASE_NOTES.md"

(cd "$out" && LC_ALL=C && export LC_ALL && sha256sum -- *.json *.md *.tar *.zip >SHA256SUMS)
signed=no
if [ -n "${RELEASE_SIGNING_KEY:-}" ]; then
    ssh-keygen -q -Y sign -n telemetry-extension -f "$RELEASE_SIGNING_KEY" "$out/SHA256SUMS" || fail "signing with RELEASE_SIGNING_KEY failed"
    signed=yes
fi
if [ -n "${RELEASE_MINISIGN_KEY:-}" ]; then
    minisign -S -W -s "$RELEASE_MINISIGN_KEY" -m "$out/SHA256SUMS" -t "telemetry-extension $version" >/dev/null || fail "signing with RELEASE_MINISIGN_KEY failed"
    signed=yes
fi
[ -z "$tag" ] || [ "$signed" = yes ] || fail "a release of a tag is signed: set RELEASE_SIGNING_KEY or RELEASE_MINISIGN_KEY"
echo "release $version in $out (signed: $signed)"
cat "$out/SHA256SUMS"
