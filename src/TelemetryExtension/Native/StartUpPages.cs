using System.Globalization;
using System.Runtime.InteropServices;

namespace TelemetryExtension.Native;

/// <summary>
/// Unmaps pages of our own binary that only start-up touched. The kernel maps sixteen pages around each one that is read, and they would stay part of
/// this process for ever. Pages that are needed again come back from the page cache without a disk read.
/// </summary>
internal static partial class StartUpPages
{
    private const int DontNeed = 4;

    /// <summary>
    /// Drops every mapping of the binary that is not writable and was never written. Returns the number of bytes that were mapped there. Does nothing
    /// where /proc cannot be read.
    /// </summary>
    public static long Release()
    {
        try
        {
            return ReleaseAll();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private static long ReleaseAll()
    {
        long released = 0;
        if (Environment.ProcessPath is { } binary)
            foreach (var (start, length) in Unchanged(File.ReadLines("/proc/self/smaps"), binary))
                if (Advise(start, length, DontNeed) == 0)
                    released += length;
        return released;
    }

    /// <summary>
    /// The mappings of the binary that contain only what is in the file. Relocated pages differ: they count as Anonymous or, once swapped out, only
    /// as Swap. Dropping those would restore the file's content and crash the process.
    /// </summary>
    /// <param name="smaps">Lines of /proc/PID/smaps: "00401000-00fc1000 r-xp 00001000 fe:00 1234   /path", then "Anonymous:         0 kB" and the like.</param>
    internal static IEnumerable<(nint Start, nint Length)> Unchanged(IEnumerable<string> smaps, string binary)
    {
        (nint Start, nint Length)? candidate = null;
        var isAnonymousKnown = false;
        foreach (var line in smaps)
        {
            if (line.Length == 0)
                continue;
            if (char.IsAsciiHexDigitLower(line[0]))
            {
                if (candidate is { } mapping && isAnonymousKnown)
                    yield return mapping;
                candidate = line.EndsWith(binary, StringComparison.Ordinal) ? ReadOnlyRange(line) : null;
                isAnonymousKnown = false;
            }
            else if (IsCount(line, out var isAnonymous))
            {
                isAnonymousKnown |= isAnonymous;
                if (!line.EndsWith(" 0 kB", StringComparison.Ordinal))
                    candidate = null;
            }
        }

        if (candidate is { } last && isAnonymousKnown)
            yield return last;
    }

    private static bool IsCount(string line, out bool isAnonymous)
    {
        isAnonymous = line.StartsWith("Anonymous:", StringComparison.Ordinal);
        return isAnonymous || line.StartsWith("Private_Dirty:", StringComparison.Ordinal) || line.StartsWith("Shared_Dirty:", StringComparison.Ordinal)
            || line.StartsWith("Swap:", StringComparison.Ordinal);
    }

    private static (nint Start, nint Length)? ReadOnlyRange(string line)
    {
        var dash = line.IndexOf('-', StringComparison.Ordinal);
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        if (dash < 0 || space < dash || line[space + 2] == 'w'
            || !nint.TryParse(line.AsSpan(0, dash), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var start)
            || !nint.TryParse(line.AsSpan(dash + 1, space - dash - 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var end))
            return null;
        return (start, end - start);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nint length, int advice);
}
