#!/bin/sh
# startup-order.sh: rewrites layer/TelemetryExtension/startup-order.txt: the functions of the extension in the order in which a real run calls them
# first. The compiler lays them out in this order, so that a cold start reads few pages of the binary. The file is committed: a build then needs no
# emulator, and gives the same bytes everywhere. Names are those of managed code, the same for both architectures. Takes about three minutes.
set -eu
layer=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$layer")
case $(uname -m) in aarch64) rid=linux-arm64 machine=aarch64 ;; *) rid=linux-x64 machine=x86_64 ;; esac
qemu=$("$root/infra/dev/qemu.sh" "$machine")
order=$layer/TelemetryExtension/startup-order.txt

work=$root/artifacts/startup-order
rm -rf "$work"
mkdir -p "$work/logs"
KEEP_SYMBOLS=true "$layer/publish.sh" "$root/src/TelemetryExtension" "$rid" "$work/binary"
install -D "$work/binary/telemetry-extension" "$work/layer/extensions/telemetry-extension"
log=$(TELEMETRY_EXTENSION_ARTIFACTS=$root/artifacts dotnet run -c Release --project "$root/tests/Benchmarks" -- startup-trace "$qemu" "$work/layer" "$work/logs" | tail -n 1)
dotnet "$layer/tools/bin/Release/layer-tools.dll" order "$log" "$work/binary.size/link.map" "$order"
rm -rf "$work"
