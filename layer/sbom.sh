#!/bin/sh
# sbom.sh <rid> <file>: writes the components of the layer's binary as CycloneDX JSON: the NuGet packages, from the tool in .config's manifest, and
# the libraries that the linker took from the system. Where the tool cannot be restored there is no bill, and the layer is still built.
set -eu
rid=$1 output=$2
layer=$(cd "$(dirname "$0")" && pwd)
. "$layer/toolchain.sh"
project=$layer/../src/TelemetryExtension

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$layer/.."
if ! { dotnet tool restore && dotnet dotnet-CycloneDX "$project/TelemetryExtension.csproj" --output "$work" --filename bom.json --output-format Json \
    --disable-package-restore --no-serial-number --set-name telemetry-extension; } >"$work/log" 2>&1; then
    echo "no bill of materials for $rid: $(grep -m 1 -i error "$work/log" || tail -n 1 "$work/log"); try: dotnet tool restore" >&2
    exit 0
fi

if $cross; then include=$SYSROOT/usr/include; else include=/usr/include; fi
openssl=$(cat "$include/openssl/opensslv.h" "$include/$triplet/openssl/opensslv.h" 2>/dev/null | sed -n 's/.*OPENSSL_VERSION_TEXT "OpenSSL \([^ ]*\).*/\1/p' | head -n 1)
glibc=$(printf '#include <features.h>\n__GLIBC__.__GLIBC_MINOR__\n' | "$CC" -E -P - | tr -d ' \n')
runtime=$(dotnet msbuild "$project" -getProperty:BundledNETCoreAppPackageVersion)
dotnet "$layer/tools/bin/Release/layer-tools.dll" sbom "$work/bom.json" "$output" \
    "dotnet-runtime=$runtime=MIT" "aspnetcore-runtime=$runtime=MIT" "zlib-ng=as in dotnet-runtime $runtime=Zlib" "openssl=${openssl:-unknown}=Apache-2.0" \
    "glibc=$glibc=LGPL-2.1-or-later" "libgcc=$("$CC" -dumpfullversion)=GPL-3.0-or-later WITH GCC-exception-3.1"
echo "$(basename "$output"): $(grep -c '"bom-ref"' "$output") components"
