namespace TelemetryExtension.Processing.Redaction;

/// <summary>Three to five base64url parts, separated by dots. The first is a JSON object, so it begins with "eyJ".</summary>
internal sealed class JsonWebToken : ISecretDetector
{
    private const int ShortestHeader = 12;
    private const int ShortestPayload = 4;
    private const int MostParts = 5;

    public ReadOnlyMemory<byte> Replacement { get; } = "[redacted:jwt]"u8.ToArray();

    public bool TryFind(ReadOnlySpan<byte> text, int from, out int start, out int end)
    {
        for (start = from; text[start..].IndexOf("eyJ"u8) is >= 0 and var skip; start = end)
        {
            start += skip;
            end = start + Letters.Run(text, start, Letters.Base64Url);
            // Any character may stand in front of it, because an escape may end there.
            if (end - start < ShortestHeader)
                continue;
            var parts = 1;
            for (var shortest = ShortestPayload; parts < MostParts && end < text.Length && text[end] == '.'; shortest = 0)
            {
                var length = Letters.Run(text, end + 1, Letters.Base64Url);
                if (length < shortest)
                    break;
                end += 1 + length;
                parts++;
            }

            if (parts >= 3)
                return true;
        }

        start = end = 0;
        return false;
    }
}
