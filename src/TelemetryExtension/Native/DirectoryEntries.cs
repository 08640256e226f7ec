using System.Runtime.InteropServices;

namespace TelemetryExtension.Native;

/// <summary>Counts the entries of a directory without reading their status. .NET would read it twice for each link in /proc/PID/fd.</summary>
internal static partial class DirectoryEntries
{
    private const int DotAndDotDot = 2;

    /// <summary>Null when the directory is gone or belongs to another user.</summary>
    public static long? Count(string path)
    {
        var directory = Open(path);
        if (directory == 0)
            return null;
        long entries = -DotAndDotDot;
        while (Read(directory) != 0)
            entries++;
        _ = Close(directory);
        return entries < 0 ? null : entries;
    }

    [LibraryImport("libc", EntryPoint = "opendir", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Open(string path);

    [LibraryImport("libc", EntryPoint = "readdir")]
    private static partial nint Read(nint directory);

    [LibraryImport("libc", EntryPoint = "closedir")]
    private static partial int Close(nint directory);
}
