using System.Text;

namespace TelemetryExtension.Destinations.Otlp;

/// <summary>A server's words, fit for one log line: bounded, and without control characters.</summary>
internal static class Printable
{
    private const int MaxLength = 300;

    /// <summary>Null when there is nothing to say.</summary>
    public static string? Line(ReadOnlySpan<byte> utf8)
    {
        var text = Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, MaxLength)]).ToCharArray();
        foreach (ref var c in text.AsSpan())
            if (char.IsControl(c))
                c = ' ';
        return new string(text).Trim() is { Length: > 0 } line ? line : null;
    }
}
