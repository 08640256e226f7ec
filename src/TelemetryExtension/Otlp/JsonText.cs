using System.Buffers.Text;
using System.Text;
using System.Text.Unicode;

namespace TelemetryExtension.Otlp;

/// <summary>
/// Unescapes the inside of a JSON string into bytes that are always valid UTF-8: receivers refuse a whole request for one invalid protobuf string.
/// Lone surrogates and invalid bytes become U+FFFD. An unknown escape stays unchanged.
/// </summary>
internal static class JsonText
{
    /// <summary>The number of bytes that <see cref="Unescape"/> may need.</summary>
    public static int Room(ReadOnlySpan<byte> raw, out bool valid)
    {
        valid = Utf8.IsValid(raw);
        return valid ? raw.Length : raw.Length * 3;
    }

    /// <returns>The number of bytes written.</returns>
    public static int Unescape(ReadOnlySpan<byte> raw, bool valid, Span<byte> to)
    {
        var written = 0;
        while (true)
        {
            var at = raw.IndexOf((byte)'\\');
            var plain = at < 0 ? raw : raw[..at];
            written += valid ? Copy(plain, to[written..]) : CopyRepaired(plain, to[written..]);
            if (at < 0)
                return written;
            raw = raw[at..];
            raw = raw[Escape(raw, to, ref written)..];
        }
    }

    /// <summary>Copies bytes without escapes and repairs invalid UTF-8.</summary>
    public static int CopyRepaired(ReadOnlySpan<byte> from, Span<byte> to)
    {
        var written = 0;
        while (!from.IsEmpty)
        {
            // Invalid input decodes to U+FFFD, for the longest part that one character replaces.
            Rune.DecodeFromUtf8(from, out var rune, out var consumed);
            written += rune.EncodeToUtf8(to[written..]);
            from = from[consumed..];
        }

        return written;
    }

    /// <summary>Replaces everything in a JSON text that is not Unicode, written out or escaped, by U+FFFD. Null when nothing was replaced.</summary>
    public static byte[]? TryRepairDocument(ReadOnlySpan<byte> json)
    {
        var room = new byte[Room(json, out var valid)];
        var repaired = room.AsSpan(0, valid ? Copy(json, room) : CopyRepaired(json, room));
        var changed = !valid;
        for (var at = 0; repaired[at..].IndexOf((byte)'\\') is var next and >= 0;)
        {
            at += next;
            var isUnit = TryReadUnit(repaired[at..], out var unit) && char.IsSurrogate((char)unit);
            var isPair = isUnit && char.IsHighSurrogate((char)unit) && TryReadUnit(repaired[(at + 6)..], out var low) && char.IsLowSurrogate((char)low);
            if (isUnit && !isPair)
                "fffd"u8.CopyTo(repaired[(at + 2)..]);
            changed |= isUnit && !isPair;
            at = Math.Min(repaired.Length, at + (isPair ? 12 : isUnit ? 6 : 2));
        }

        return changed ? repaired.ToArray() : null;
    }

    private static int Copy(ReadOnlySpan<byte> from, Span<byte> to)
    {
        from.CopyTo(to);
        return from.Length;
    }

    /// <summary>Writes what the escape at the start means. Returns the number of input bytes that it took.</summary>
    private static int Escape(ReadOnlySpan<byte> raw, Span<byte> to, ref int written)
    {
        var code = raw.Length > 1 ? raw[1] : (byte)0;
        var plain = code switch
        {
            (byte)'t' => (byte)'\t',
            (byte)'n' => (byte)'\n',
            (byte)'"' or (byte)'\\' or (byte)'/' => code,
            (byte)'r' => (byte)'\r',
            (byte)'b' => (byte)'\b',
            (byte)'f' => (byte)'\f',
            _ => (byte)0,
        };
        if (plain != 0)
        {
            to[written++] = plain;
            return 2;
        }

        if (code != 'u' || !TryReadUnit(raw, out var unit))
        {
            to[written++] = (byte)'\\';
            return 1;
        }

        var taken = 6;
        var rune = Rune.ReplacementChar;
        if (char.IsHighSurrogate((char)unit) && TryReadUnit(raw[6..], out var low) && char.IsLowSurrogate((char)low))
        {
            rune = new((char)unit, (char)low);
            taken = 12;
        }
        else if (Rune.TryCreate(unit, out var single))
        {
            rune = single;
        }

        written += rune.EncodeToUtf8(to[written..]);
        return taken;
    }

    private static bool TryReadUnit(ReadOnlySpan<byte> raw, out int unit)
    {
        unit = 0;
        return raw.Length >= 6 && raw[0] == '\\' && raw[1] == 'u'
            && Utf8Parser.TryParse(raw.Slice(2, 4), out unit, out var consumed, 'x') && consumed == 4;
    }
}
