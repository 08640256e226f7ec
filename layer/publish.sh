#!/bin/sh
# publish.sh <project> <rid> <folder>: publishes a native binary; prints little when it works, everything when it fails.
# A project with a file unused-code.txt or startup-order.txt in layer/ named after it is compiled with that (see native.targets).
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

# What the compiler is told about this project's code, when there is something to tell.
[ ! -f "$layer/$name/unused-code.txt" ] || set -- "$@" "-p:UnusedCode=$layer/$name/unused-code.txt"
[ ! -f "$layer/$name/startup-order.txt" ] || set -- "$@" "-p:IlcOrderFile=$layer/$name/startup-order.txt"

# The binary follows from the sources alone: the commit is left out of its version, or a changed README would change the layer.
# What was made before goes first: the compiler would not notice a changed list, nor CMake a changed toolchain.
rm -rf "$project/obj/Release"/net*/"$rid/native" "$project/obj/Release"/net*/"$rid/libs"
if ! { dotnet build "$layer/tools" -c Release -v quiet &&
    dotnet publish "$project" -c Release -r "$rid" -o "$folder" "$@" \
        -p:LayerTools="$layer/tools/bin/Release/layer-tools.dll" -p:IlcGenerateMstatFile=true \
        -p:DebugType=none -p:StripSymbols=$([ "${KEEP_SYMBOLS:-}" = true ] && echo false || echo true) -p:IncludeSourceRevisionInInformationalVersion=false; } >"$log" 2>&1; then
    cat "$log"
    exit 1
fi
# The shim asks its toolchain what OpenSSL can do. What it did not find it leaves out without a word; HTTP/2 over TLS is ALPN.
grep -q "HAVE_OPENSSL_ALPN 1" "$project/obj/Release"/net*/"$rid/libs"/*/build/pal_crypto_config.h ||
    { cat "$log"; echo "$name for $rid was built without ALPN: the OpenSSL of its toolchain does not link" >&2; exit 1; }
# The layer holds the binary alone.
rm -f "$folder"/*.dbg "$folder"/*.pdb
# What `make size` reads.
mkdir -p "$folder.size"
cp "$project/obj/Release"/net*/"$rid/native"/*.mstat "$project/obj/Release"/net*/"$rid/native/link.map" "$folder.size/"
# Publishing copies the linker's output with its own time; make must see that this run made it.
touch "$folder"/*
