using System.Buffers;
using System.Text;

namespace TelemetryExtension.Processing.Redaction;

/// <summary>Sets of ASCII characters that secrets are made of.</summary>
internal static class Letters
{
    public static readonly SearchValues<byte> Base64Url = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8);

    /// <summary>Of a credential in a header (RFC 7235, token68), and of base64.</summary>
    public static readonly SearchValues<byte> Token68 = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="u8);

    public static bool IsAlphanumeric(byte b) => char.IsAsciiLetterOrDigit((char)b);

    /// <summary>The number of characters of the set from here on.</summary>
    /// <param name="most">Where a longer run would be none: without it, many short secrets in a row would each be read to the end of the row.</param>
    public static int Run(ReadOnlySpan<byte> text, int at, SearchValues<byte> set, int most = int.MaxValue)
    {
        var rest = text.Slice(at, Math.Min(most, text.Length - at));
        return rest.IndexOfAnyExcept(set) is >= 0 and var length ? length : rest.Length;
    }

    /// <summary>Whether this word, in any case, stands at this place.</summary>
    public static bool StandsAt(ReadOnlySpan<byte> text, int at, ReadOnlySpan<byte> word) =>
        at >= 0 && at + word.Length <= text.Length && Ascii.EqualsIgnoreCase(text.Slice(at, word.Length), word);
}
