using System.Buffers;

namespace TelemetryExtension.Processing.Redaction;

/// <summary>AKIA or ASIA, followed by 16 capital letters or digits.</summary>
internal sealed class AwsAccessKeyId : ISecretDetector
{
    private const int Length = 20;

    private static readonly SearchValues<byte> Characters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"u8);

    public ReadOnlyMemory<byte> Replacement { get; } = "[redacted:aws]"u8.ToArray();

    public bool TryFind(ReadOnlySpan<byte> text, int from, out int start, out int end)
    {
        // Both prefixes end with IA. The character in front of them may be a letter: in a URL an escape such as %3D may end there.
        for (var at = from + 2; at < text.Length && text[at..].IndexOf("IA"u8) is >= 0 and var skip; at++)
        {
            at += skip;
            (start, end) = (at - 2, at - 2 + Length);
            if (text[start] == 'A' && text[start + 1] is (byte)'K' or (byte)'S' && Letters.Run(text, start, Characters, Length + 1) == Length)
                return true;
        }

        start = end = 0;
        return false;
    }
}
