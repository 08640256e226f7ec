namespace TelemetryExtension.Processing.Redaction;

/// <summary>The token after the word Bearer. An ordinary word, such as in "bearer authentication", is not a token.</summary>
internal sealed class BearerToken : ISecretDetector
{
    private const int Shortest = 8;

    /// <summary>Longer than an ordinary word.</summary>
    private const int ShortestWithoutDigit = 24;

    private const int LongestGap = 6;

    public ReadOnlyMemory<byte> Replacement { get; } = "[redacted:bearer]"u8.ToArray();

    public bool TryFind(ReadOnlySpan<byte> text, int from, out int start, out int end)
    {
        // The token may start at `from`, with the word Bearer in front of it.
        for (var at = Math.Max(0, from - LongestGap - 6); at < text.Length && text[at..].IndexOfAny((byte)'b', (byte)'B') is >= 0 and var skip; at++)
        {
            at += skip;
            if (!Letters.StandsAt(text, at, "bearer"u8))
                continue;
            start = at + 6;
            while (start < text.Length && start - at - 6 < LongestGap && text[start] is (byte)' ' or (byte)'\t' or (byte)':' or (byte)'"' or (byte)'=')
                start++;
            // OTEL_EXPORTER_OTLP_HEADERS and URLs encode the space.
            if (text[start..].StartsWith("%20"u8))
                start += 3;
            end = start + Letters.Run(text, start, Letters.Token68);
            if (start > at + 6 && start >= from && IsToken(text[start..end]))
                return true;
        }

        start = end = 0;
        return false;
    }

    private static bool IsToken(ReadOnlySpan<byte> text) =>
        text.Length >= ShortestWithoutDigit || (text.Length >= Shortest && text.ContainsAnyInRange((byte)'0', (byte)'9'));
}
