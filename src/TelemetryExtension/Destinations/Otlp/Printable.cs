using System.Text;

namespace TelemetryExtension.Destinations.Otlp;

/// <summary>Makes a server's text safe for one log line: limited in length, and without control characters.</summary>
internal static class Printable
{
    private const int MaxLength = 300;

    /// <summary>Returns null when nothing printable is left.</summary>
    public static string? Line(ReadOnlySpan<byte> utf8)
    {
        var text = Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, MaxLength)]).ToCharArray();
        foreach (ref var c in text.AsSpan())
            if (char.IsControl(c))
                c = ' ';
        return new string(text).Trim() is { Length: > 0 } line ? line : null;
    }
}
