#!/bin/sh
# publish.sh <project> <rid> <folder>: publishes a native binary. Prints the compiler's output only when it fails.
# A project is compiled with the files unused-code.txt and startup-order.txt in its folder below layer/ (see native.targets).
# With KEEP_SYMBOLS=true the binary keeps the names of its functions.
set -eu
project=$1 rid=$2 folder=$3
layer=$(cd "$(dirname "$0")" && pwd)
. "$layer/toolchain.sh"
root=$(dirname "$layer")
name=$(basename "$project")

mkdir -p "$folder"
log=$folder.log
echo "publishing $name for $rid (a minute or so)"

openssl=$root/artifacts/build/$rid/openssl
"$layer/openssl.sh" "$rid" "$openssl"
set -- "-p:OpenSslArchives=$openssl"
if $cross; then
    set -- "$@" "-p:CrossTriplet=$triplet"
    export CMAKE_TOOLCHAIN_FILE="$layer/cross.cmake" CROSS_TRIPLET="$triplet" CROSS_SYSROOT="$SYSROOT"
fi

# The optional files about this project's code for the compiler.
[ ! -f "$layer/$name/unused-code.txt" ] || set -- "$@" "-p:UnusedCode=$layer/$name/unused-code.txt"
[ ! -f "$layer/$name/startup-order.txt" ] || set -- "$@" "-p:IlcOrderFile=$layer/$name/startup-order.txt"

# The binary must depend only on the sources, so its version lacks the commit: otherwise a changed README would change the layer.
# Delete earlier output first, because the compiler does not notice a changed list, nor CMake a changed toolchain.
rm -rf "$project/obj/Release"/net*/"$rid/native" "$project/obj/Release"/net*/"$rid/libs"
if ! { dotnet build "$layer/tools" -c Release -v quiet &&
    dotnet publish "$project" -c Release -r "$rid" -o "$folder" "$@" \
        -p:LayerTools="$layer/tools/bin/Release/layer-tools.dll" -p:IlcGenerateMstatFile=true \
        -p:DebugType=none -p:StripSymbols=$([ "${KEEP_SYMBOLS:-}" = true ] && echo false || echo true) -p:IncludeSourceRevisionInInformationalVersion=false; } >"$log" 2>&1; then
    cat "$log"
    exit 1
fi
# The shim detects OpenSSL's features with its toolchain and silently leaves out what it does not find. HTTP/2 over TLS needs ALPN.
grep -q "HAVE_OPENSSL_ALPN 1" "$project/obj/Release"/net*/"$rid/libs"/*/build/pal_crypto_config.h ||
    { cat "$log"; echo "$name for $rid was built without ALPN: the OpenSSL of its toolchain does not link" >&2; exit 1; }
# The layer contains only the binary.
rm -f "$folder"/*.dbg "$folder"/*.pdb
# `make size` reads these files.
mkdir -p "$folder.size"
cp "$project/obj/Release"/net*/"$rid/native"/*.mstat "$project/obj/Release"/net*/"$rid/native/link.map" "$folder.size/"
# Publishing keeps the time of the linker's output. Touch the file, so that make sees this run.
touch "$folder"/*
