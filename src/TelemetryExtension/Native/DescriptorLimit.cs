using System.Runtime.InteropServices;

namespace TelemetryExtension.Native;

/// <summary>The limit of file descriptors of this process: 1,024 on Lambda.</summary>
internal static partial class DescriptorLimit
{
    private const int OpenFiles = 7;
    private const int Usual = 1024;

    public static int Read() => Get(OpenFiles, out var limits) == 0 ? (int)Math.Min(limits.Soft, int.MaxValue) : Usual;

    [StructLayout(LayoutKind.Sequential)]
    private struct Limits
    {
        public ulong Soft;
        public ulong Hard;
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int Get(int resource, out Limits limits);
}
