using System.Buffers;
using System.Text;

namespace TelemetryExtension.Processing.Redaction;

/// <summary>The ASCII characters of secrets.</summary>
internal static class Letters
{
    public static readonly SearchValues<byte> Base64Url = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8);

    /// <summary>The characters of a credential in a header (RFC 7235, token68) and of base64.</summary>
    public static readonly SearchValues<byte> Token68 = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="u8);

    public static bool IsAlphanumeric(byte b) => char.IsAsciiLetterOrDigit((char)b);

    /// <summary>Counts how many characters of the set follow each other at this place.</summary>
    /// <param name="most">The highest count that matters to the caller. Without it, a row of many short secrets takes quadratic time.</param>
    public static int Run(ReadOnlySpan<byte> text, int at, SearchValues<byte> set, int most = int.MaxValue)
    {
        var rest = text.Slice(at, Math.Min(most, text.Length - at));
        return rest.IndexOfAnyExcept(set) is >= 0 and var length ? length : rest.Length;
    }

    /// <summary>Whether the text has this word, in upper or lower case, at this place.</summary>
    public static bool StandsAt(ReadOnlySpan<byte> text, int at, ReadOnlySpan<byte> word) =>
        at >= 0 && at + word.Length <= text.Length && Ascii.EqualsIgnoreCase(text.Slice(at, word.Length), word);
}
