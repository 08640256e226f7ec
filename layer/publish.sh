#!/bin/sh
# publish.sh <project> <rid> <folder>: publishes a native binary; says little when it works, everything when not.
set -eu
project=$1 rid=$2 folder=$3

mkdir -p "$folder"
log=$folder.log
echo "publishing $(basename "$project") for $rid (a minute or so)"
# The binary follows from the sources alone: the commit is left out of its version, or a changed README would change the layer.
if ! dotnet publish "$project" -c Release -r "$rid" -o "$folder" \
    -p:DebugType=none -p:StripSymbols=true -p:IncludeSourceRevisionInInformationalVersion=false >"$log" 2>&1; then
    cat "$log"
    exit 1
fi
# The layer holds the binary alone.
rm -f "$folder"/*.dbg "$folder"/*.pdb
# Publishing copies the linker's output with its own time; make must see that this run made it.
touch "$folder"/*
