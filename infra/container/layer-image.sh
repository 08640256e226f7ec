#!/bin/sh
# layer-image.sh FOLDER ZIP...: writes an OCI layout with one image per layer zip, so that a Dockerfile can use
#
#     COPY --from=REGISTRY/telemetry-extension-layer /opt/ /opt/
#
# The image contains only the layer's content under /opt. One zip gives an image, several give an index of architectures.
# The same zips give the same digests. `skopeo copy oci:FOLDER:layer docker://REGISTRY/telemetry-extension-layer:VERSION` publishes it
# (with --all for an index). Needs buildah and unzip. IMAGE_VERSION is the version label (default 0.0.0).
set -eu

[ $# -ge 2 ] || { echo "usage: layer-image.sh FOLDER ZIP..." >&2; exit 2; }
folder=$1
shift
for tool in buildah unzip; do
    command -v "$tool" >/dev/null || { echo "layer-image.sh: $tool is missing; on Debian or Ubuntu: apt-get install -y $tool" >&2; exit 1; }
done

# Use a separate storage: the machine's images are not touched, and no driver needs permissions that a build machine lacks.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
buildah() { command buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"; }
# The other folders of buildah.
export HOME="$work" BUILDAH_ISOLATION=chroot

# Replace only an earlier image.
[ ! -e "$folder" ] || [ -f "$folder/oci-layout" ] || { echo "layer-image.sh: $folder exists and is not an OCI layout" >&2; exit 1; }
rm -rf "$folder"
index=layer-index
[ $# -eq 1 ] || buildah manifest create "$index" >/dev/null
for zip in "$@"; do
    case $zip in
        *-arm64.zip) architecture=arm64 ;;
        *-x86_64.zip) architecture=amd64 ;;
        *) echo "layer-image.sh: $zip names no architecture: it must end in -x86_64.zip or -arm64.zip" >&2; exit 1 ;;
    esac
    content=$work/$architecture
    mkdir -p "$content/opt"
    unzip -q "$zip" -d "$content/opt"
    # Times and modes are part of an image's digest.
    find "$content" -type d -exec chmod 0755 {} +
    TZ=UTC find "$content" -exec touch -t 198001010000 {} +
    container=$(buildah from --arch "$architecture" scratch)
    buildah add --quiet --chown 0:0 "$container" "$content" / >/dev/null
    buildah config --arch "$architecture" --os linux --created-by "layer-image.sh" \
        --label org.opencontainers.image.title=telemetry-extension-layer \
        --label org.opencontainers.image.licenses=Apache-2.0 \
        --label org.opencontainers.image.version="${IMAGE_VERSION:-0.0.0}" \
        --label io.buildah.version= "$container" >/dev/null
    buildah commit --quiet --format oci --timestamp 315532800 "$container" "layer-$architecture" >/dev/null
    if [ $# -eq 1 ]; then buildah push --quiet "layer-$architecture" "oci:$folder:layer"; else buildah manifest add "$index" "layer-$architecture" >/dev/null; fi
done
[ $# -eq 1 ] || buildah manifest push --quiet --all "$index" "oci:$folder:layer" >/dev/null
echo "$(basename "$folder"): $(sed 's/.*"digest":"\([^"]*\)".*/\1/' "$folder/index.json")"
