using System.Runtime.InteropServices;

namespace TelemetryExtension.Native;

/// <summary>The statx(2) status of a file. .NET reports neither size nor number of links of a directory.</summary>
internal readonly partial record struct FileStatus(long Size, long Links)
{
    private const int CurrentDirectory = -100;
    private const uint LinksAndSize = 0x4 | 0x200;

    /// <summary>Null when the file is gone or not accessible, or the kernel has no statx.</summary>
    public static FileStatus? Of(string path) =>
        Status(CurrentDirectory, path, 0, LinksAndSize, out var status) == 0 && (status.Mask & LinksAndSize) == LinksAndSize
            ? new((long)Math.Min(status.Size, long.MaxValue), status.Links)
            : null;

    /// <summary>Whether this is a proc file system. Only there do size and links of a directory count open files and threads.</summary>
    public static bool IsProc(string path)
    {
        const nint ProcMagic = 0x9fa0;
        return FileSystem(path, out var fileSystem) == 0 && fileSystem.Type == ProcMagic;
    }

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(0)]
        public uint Mask;

        [FieldOffset(16)]
        public uint Links;

        [FieldOffset(40)]
        public ulong Size;
    }

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statfs
    {
        [FieldOffset(0)]
        public nint Type;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Status(int directory, string path, int flags, uint mask, out Statx status);

    [LibraryImport("libc", EntryPoint = "statfs", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int FileSystem(string path, out Statfs status);
}
