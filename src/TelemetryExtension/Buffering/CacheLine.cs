using System.Runtime.InteropServices;

namespace TelemetryExtension.Buffering;

/// <summary>
/// A number that shares its cache line with nothing else, wherever its object lies. It keeps 128 bytes on both sides: lines are 64 bytes, but x64
/// prefetches them in pairs, and some arm64 CPUs have lines of 128.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct CacheLine
{
    [FieldOffset(128)]
    public long Value;
}
