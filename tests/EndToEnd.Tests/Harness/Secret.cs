using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace EndToEnd.Tests.Harness;

/// <summary>A value that may appear only in its home: as it is, or as base64, JSON or URLs write it.</summary>
internal sealed class Secret
{
    private readonly byte[][] _forms;

    public Secret(string text, Home home)
    {
        // Anything shorter occurs by chance.
        ArgumentOutOfRangeException.ThrowIfLessThan(text.Length, 8);
        (Text, Home) = (text, home);
        _forms = [.. Forms(text).Distinct(StringComparer.Ordinal).Select(Encoding.UTF8.GetBytes)];
    }

    public string Text { get; }

    public Home Home { get; }

    public bool IsIn(ReadOnlySpan<byte> bytes)
    {
        foreach (var form in _forms)
            if (bytes.IndexOf(form) >= 0)
                return true;
        return false;
    }

    private static IEnumerable<string> Forms(string text)
    {
        yield return text;
        yield return JsonEncodedText.Encode(text).Value;
        yield return JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value;
        yield return text.Replace("/", "\\/", StringComparison.Ordinal);
        var escaped = Uri.EscapeDataString(text);
        yield return escaped;
        // The same with lower-case digits.
        yield return string.Concat(escaped.Split('%').Select(static (part, number) => number == 0 ? part : '%' + part[..2].ToLowerInvariant() + part[2..]));
        for (var before = 0; before < 3; before++)
        {
            var inside = Inside(text, before);
            yield return inside;
            yield return inside.Replace('+', '-').Replace('/', '_');
        }
    }

    /// <summary>The characters of base64 that depend on nothing but the text, when so many other bytes are before it.</summary>
    private static string Inside(string text, int before)
    {
        byte[] bytes = [.. new byte[before], .. Encoding.UTF8.GetBytes(text)];
        var first = ((before * 8) + 5) / 6;
        return Convert.ToBase64String(bytes)[first..(bytes.Length * 8 / 6)];
    }
}
