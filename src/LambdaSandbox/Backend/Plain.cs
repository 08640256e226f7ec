using System.Globalization;
using System.Text.RegularExpressions;
using OpenTelemetry.Proto.Common.V1;
using Spectre.Console.Rendering;

namespace LambdaSandbox.Backend;

/// <summary>Formats values, times and sizes as short text that is safe for a terminal.</summary>
internal static partial class Plain
{
    public static string Value(AnyValue? value) => value?.ValueCase switch
    {
        AnyValue.ValueOneofCase.StringValue => value.StringValue,
        AnyValue.ValueOneofCase.BoolValue => value.BoolValue ? "true" : "false",
        AnyValue.ValueOneofCase.IntValue => value.IntValue.ToString(CultureInfo.InvariantCulture),
        AnyValue.ValueOneofCase.DoubleValue => Number(value.DoubleValue),
        AnyValue.ValueOneofCase.BytesValue => $"0x{Convert.ToHexStringLower(value.BytesValue.Span)}",
        AnyValue.ValueOneofCase.ArrayValue => $"[{string.Join(", ", value.ArrayValue.Values.Select(Value))}]",
        AnyValue.ValueOneofCase.KvlistValue => $"{{{Attributes(value.KvlistValue.Values, ", ")}}}",
        _ => "null",
    };

    public static string Attributes(IEnumerable<KeyValue> attributes, string separator = " ") =>
        string.Join(separator, attributes.Select(attribute => $"{attribute.Key}={Value(attribute.Value)}"));

    public static string Number(double number) => number.ToString("0.######", CultureInfo.InvariantCulture);

    /// <summary>Three significant digits, in a suitable unit.</summary>
    public static string Duration(ulong nanoseconds)
    {
        var milliseconds = nanoseconds / 1e6;
        return milliseconds switch
        {
            0 => "0 ms",
            < 0.9995 => Digits(milliseconds * 1000) + " µs",
            < 999.5 => Digits(milliseconds) + " ms",
            < 59_995 => Digits(milliseconds / 1000) + " s",
            _ => $"{(int)(milliseconds / 60_000)} m {(int)(milliseconds / 1000) % 60:00} s",
        };

        static string Digits(double value) =>
            value.ToString(value < 9.995 ? "0.00" : value < 99.95 ? "0.0" : "0", CultureInfo.InvariantCulture);
    }

    /// <summary>The time relative to the start, with a sign.</summary>
    public static string Offset(ulong time, ulong start) =>
        time >= start ? "+" + Duration(time - start) : "-" + Duration(start - time);

    public static string Timestamp(ulong unixNano) =>
        DateTimeOffset.FromUnixTimeMilliseconds((long)(unixNano / 1_000_000)).ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public static string Count(int count, string noun) => $"{count} {noun}{(count == 1 ? "" : "s")}";

    /// <summary>Makes a function's text safe for the terminal: removes escape sequences and makes other control characters visible.</summary>
    public static string Safe(string text)
    {
        text = EscapeSequence().Replace(text.ReplaceLineEndings("\n"), "").Replace("\t", "    ", StringComparison.Ordinal);
        return string.Create(text.Length, text, static (characters, source) =>
        {
            for (var i = 0; i < source.Length; i++)
                characters[i] = source[i] != '\n' && char.IsControl(source[i]) ? '\uFFFD' : source[i];
        });
    }

    public static int Width(string text) => new Segment(text).CellCount();

    /// <summary>Splits text into lines of at most this many cells, between words where possible.</summary>
    public static IEnumerable<string> Wrap(string text, int width)
    {
        width = Math.Max(width, 10);
        foreach (var line in Safe(text).Split('\n'))
        {
            var paragraph = line.TrimEnd();
            var start = 0;
            while (Fit(paragraph.AsSpan(start), width) is var fitting && start + fitting < paragraph.Length)
            {
                var space = paragraph.LastIndexOf(' ', start + fitting, fitting + 1) - start;
                // A break very early in the line would waste space, so cut the word instead.
                var cut = space > fitting / 3 ? space : fitting;
                yield return paragraph.Substring(start, cut).TrimEnd();
                start += cut;
                while (paragraph[start] == ' ')
                    start++;
            }

            yield return paragraph[start..];
        }
    }

    public static string Truncate(string text, int width, bool unicode)
    {
        if (Width(text) <= width)
            return text;
        var mark = unicode ? "…" : "...";
        return text[..Fit(text, Math.Max(0, width - mark.Length))] + mark;
    }

    /// <summary>The number of chars, in whole runes, that fit into this many cells. At least one rune.</summary>
    private static int Fit(ReadOnlySpan<char> text, int width)
    {
        var (length, cells) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            cells += rune.IsAscii ? 1 : Width(rune.ToString());
            if (cells > width && length > 0)
                break;
            length += rune.Utf16SequenceLength;
        }

        return length;
    }

    [GeneratedRegex(@"\x1B(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1B]*(\x07|\x1B\\)|[@-Z\\-_])")]
    private static partial Regex EscapeSequence();
}
