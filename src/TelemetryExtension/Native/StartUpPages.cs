using System.Globalization;
using System.Runtime.InteropServices;

namespace TelemetryExtension.Native;

/// <summary>
/// Lets go of the pages of our own binary that only start-up has touched: the kernel maps sixteen around each one that is read, and they stay part of
/// this process for ever. What is needed again comes back from the page cache, without reading the disk.
/// </summary>
internal static partial class StartUpPages
{
    private const int DontNeed = 4;

    /// <summary>
    /// Drops every mapping of the binary that cannot be written to and never was (relocated pages exist in memory only). Answers how many bytes were
    /// mapped there; where /proc cannot be read, nothing happens.
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
        var (released, binary) = (0L, Environment.ProcessPath);
        (nint Start, nint Length)? candidate = null;
        foreach (var line in File.ReadLines("/proc/self/smaps"))
        {
            // "00401000-00fc1000 r-xp 00001000 fe:00 1234   /opt/extensions/telemetry-extension", then "Private_Dirty:         0 kB" and the like.
            if (line.StartsWith("Private_Dirty:", StringComparison.Ordinal))
            {
                if (candidate is { } mapping && line.EndsWith(" 0 kB", StringComparison.Ordinal) && Advise(mapping.Start, mapping.Length, DontNeed) == 0)
                    released += mapping.Length;
            }
            else if (line.Length > 0 && char.IsAsciiHexDigitLower(line[0]))
            {
                candidate = binary is not null && line.EndsWith(binary, StringComparison.Ordinal) ? ReadOnlyRange(line) : null;
            }
        }

        return released;
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
