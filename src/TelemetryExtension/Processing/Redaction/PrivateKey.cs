namespace TelemetryExtension.Processing.Redaction;

/// <summary>A private key in PEM, up to its END line. Without that line it reaches to the end of the text.</summary>
internal sealed class PrivateKey : ISecretDetector
{
    private const int LongestLabel = 64;

    public ReadOnlyMemory<byte> Replacement { get; } = "[redacted:private-key]"u8.ToArray();

    public bool TryFind(ReadOnlySpan<byte> text, int from, out int start, out int end)
    {
        for (start = from; text[start..].IndexOf("-----BEGIN "u8) is >= 0 and var skip; start++)
        {
            start += skip;
            var label = text.Slice(start, Math.Min(LongestLabel, text.Length - start));
            if (label[10..].IndexOf("-----"u8) is not (>= 0 and var length) || label.Slice(10, length).IndexOf(" PRIVATE KEY"u8) < 0)
                continue;
            end = text.Length;
            var body = start + 10 + length + 5;
            if (text[body..].IndexOf("-----END "u8) is >= 0 and var last)
            {
                var mark = body + last + 9;
                end = text[mark..].IndexOf("-----"u8) is >= 0 and var close ? mark + close + 5 : text.Length;
            }

            return true;
        }

        start = end = 0;
        return false;
    }
}
