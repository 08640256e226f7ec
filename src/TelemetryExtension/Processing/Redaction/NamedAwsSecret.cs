namespace TelemetryExtension.Processing.Redaction;

/// <summary>
/// A secret access key or a session token of AWS. Only the name in front of them identifies them, in any of its forms:
/// <c>aws_secret_access_key = …</c>, <c>"SecretAccessKey": "…"</c>, <c>X-Amz-Security-Token=…</c>.
/// </summary>
internal sealed class NamedAwsSecret : ISecretDetector
{
    private const int SecretLength = 40;
    private const int ShortestToken = 100;

    /// <summary>The gap between name and value consists of quotes (possibly escaped), blanks and one of <c>: = ></c>.</summary>
    private const int LongestGap = 12;

    public ReadOnlyMemory<byte> Replacement { get; } = "[redacted:aws]"u8.ToArray();

    public bool TryFind(ReadOnlySpan<byte> text, int from, out int start, out int end)
    {
        // "key" and "token" contain this letter. The value may start at `from`, with its name in front of it.
        for (var at = Math.Max(0, from - LongestGap - 3); at < text.Length && text[at..].IndexOfAny((byte)'k', (byte)'K') is >= 0 and var skip; at++)
        {
            at += skip;
            var isToken = EndsName(text, at - 2, "token"u8, "session"u8) || EndsName(text, at - 2, "token"u8, "security"u8);
            if (!isToken && !(EndsName(text, at, "key"u8, "access"u8) && EndsName(text, WordBefore(text, at) - 6, "access"u8, "secret"u8)))
                continue;
            if (TryReadValue(text, at + 3, isToken, out start, out end) && start >= from)
                return true;
        }

        start = end = 0;
        return false;
    }

    /// <summary>Whether the text has a word at this place, and another word in front of it.</summary>
    private static bool EndsName(ReadOnlySpan<byte> text, int at, ReadOnlySpan<byte> word, ReadOnlySpan<byte> before) =>
        Letters.StandsAt(text, at, word) && Letters.StandsAt(text, WordBefore(text, at) - before.Length, before);

    /// <summary>Returns where the word in front of this one ends. A separator may stand between them.</summary>
    private static int WordBefore(ReadOnlySpan<byte> text, int at) => at > 0 && text[at - 1] is (byte)'_' or (byte)'-' or (byte)' ' ? at - 1 : at;

    private static bool TryReadValue(ReadOnlySpan<byte> text, int at, bool isToken, out int start, out int end)
    {
        start = at;
        while (start < text.Length && start - at < LongestGap && text[start] is (byte)' ' or (byte)'"' or (byte)'\'' or (byte)'\\' or (byte)':' or (byte)'=' or (byte)'>' or (byte)'\t')
            start++;
        end = start + Letters.Run(text, start, Letters.Token68, isToken ? int.MaxValue : SecretLength + 1);
        return start > at && (isToken ? end - start >= ShortestToken : end - start == SecretLength);
    }
}
