using System.Buffers.Text;
using System.Text;
using System.Text.Unicode;

namespace TelemetryExtension.Otlp;

/// <summary>
/// The inside of a JSON string, unescaped into bytes that are always valid UTF-8: a protobuf string that is not makes receivers
/// refuse the whole request. Lone surrogates and invalid bytes become U+FFFD; an unknown escape stays as it is.
/// </summary>
internal static class JsonText
{
    /// <summary>How many bytes <see cref="Unescape"/> may need.</summary>
    public static int Room(ReadOnlySpan<byte> raw, out bool valid)
    {
        valid = Utf8.IsValid(raw);
        return valid ? raw.Length : raw.Length * 3;
    }

    /// <returns>How many bytes were written.</returns>
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

    /// <summary>Copies what need not be unescaped, repairing it if it must be.</summary>
    public static int CopyRepaired(ReadOnlySpan<byte> from, Span<byte> to)
    {
        var written = 0;
        while (!from.IsEmpty)
        {
            // Invalid input decodes to U+FFFD, for the longest part that must be replaced as one.
            Rune.DecodeFromUtf8(from, out var rune, out var consumed);
            written += rune.EncodeToUtf8(to[written..]);
            from = from[consumed..];
        }

        return written;
    }

    /// <summary>A JSON text with U+FFFD for all that is not Unicode in it, written out or escaped; null when all of it was.</summary>
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

    /// <summary>Writes what the escape at the start means; answers how many bytes of input it took.</summary>
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
