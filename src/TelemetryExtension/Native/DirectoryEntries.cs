using System.Runtime.InteropServices;

namespace TelemetryExtension.Native;

/// <summary>Counts the entries of a directory without looking at any of them: .NET would ask twice for the status of each link in /proc/PID/fd.</summary>
internal static partial class DirectoryEntries
{
    private const int DotAndDotDot = 2;

    /// <summary>Null for a directory that is gone or another user's.</summary>
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
