using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text.Json;

namespace TelemetryExtension.Otlp;

/// <summary>Writes one JSON value as one protobuf field. Each method returns null, or what is wrong with the value.</summary>
internal static class OtlpJsonScalar
{
    public static string? Write(OtlpWriter writer, int field, OtlpFieldKind kind, ref Utf8JsonReader reader)
    {
        switch (kind)
        {
            case OtlpFieldKind.String:
                return WriteString(writer, field, ref reader);
            case OtlpFieldKind.Bytes:
                return WriteBase64(writer, field, ref reader);
            case OtlpFieldKind.TraceId:
                return WriteHex(writer, field, 16, ref reader);
            case OtlpFieldKind.SpanId:
                return WriteHex(writer, field, 8, ref reader);
            case OtlpFieldKind.Bool when reader.TokenType is JsonTokenType.True or JsonTokenType.False:
                writer.Bool(field, reader.TokenType is JsonTokenType.True);
                return null;
            case OtlpFieldKind.Bool:
                return "must be true or false";
            case OtlpFieldKind.Enum when reader.TokenType is not JsonTokenType.Number:
                return "must be an integer (OTLP does not allow enum names)";
            case OtlpFieldKind.Double:
                if (!JsonNumber.TryDouble(ref reader, out var real))
                    return "must be a number";
                writer.Double(field, real);
                return null;
            case OtlpFieldKind.Fixed64:
                if (!JsonNumber.TryUInt64(ref reader, out var unsigned))
                    return "must be an unsigned 64-bit integer, as a string or a number";
                writer.Fixed64(field, unsigned);
                return null;
            default:
                return WriteSigned(writer, field, kind, ref reader);
        }
    }

    /// <summary>Writes an element of a packed field: the value without a tag.</summary>
    public static string? WritePacked(OtlpWriter writer, OtlpFieldKind kind, ref Utf8JsonReader reader)
    {
        ulong bits;
        if (kind is OtlpFieldKind.PackedDouble)
        {
            if (!JsonNumber.TryDouble(ref reader, out var real))
                return "must be a number";
            bits = BitConverter.DoubleToUInt64Bits(real);
        }
        else if (!JsonNumber.TryUInt64(ref reader, out bits))
        {
            return "must be an unsigned 64-bit integer, as a string or a number";
        }

        if (kind is OtlpFieldKind.PackedUInt64)
        {
            writer.RawVarint(bits);
            return null;
        }

        BinaryPrimitives.WriteUInt64LittleEndian(writer.GetSpan(8), bits);
        writer.Advance(8);
        return null;
    }

    private static string? WriteSigned(OtlpWriter writer, int field, OtlpFieldKind kind, ref Utf8JsonReader reader)
    {
        var (min, max, what) = kind switch
        {
            OtlpFieldKind.UInt32 or OtlpFieldKind.Fixed32 => (0L, uint.MaxValue, "must be an unsigned 32-bit integer"),
            OtlpFieldKind.Int64 or OtlpFieldKind.SFixed64 => (long.MinValue, long.MaxValue, "must be a 64-bit integer, as a string or a number"),
            _ => (int.MinValue, int.MaxValue, "must be a 32-bit integer"),
        };
        if (!JsonNumber.TryInt64(ref reader, out var value) || value < min || value > max)
            return what;
        switch (kind)
        {
            case OtlpFieldKind.Fixed32:
                writer.Fixed32(field, (uint)value);
                break;
            case OtlpFieldKind.SFixed64:
                writer.Fixed64(field, (ulong)value);
                break;
            case OtlpFieldKind.SInt32:
                writer.Varint(field, (uint)((int)value << 1) ^ (uint)((int)value >> 31));
                break;
            default:
                writer.Varint(field, (ulong)value);
                break;
        }

        return null;
    }

    private static string? WriteString(OtlpWriter writer, int field, ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not JsonTokenType.String)
            return "must be a string";
        var text = reader.ValueSpan;
        var room = JsonText.Room(text, out var valid);
        if (valid && !reader.ValueIsEscaped)
        {
            writer.Bytes(field, text);
            return null;
        }

        var mark = writer.Open(field, text.Length);
        writer.Advance(JsonText.Unescape(text, valid, writer.GetSpan(room)));
        writer.Close(mark);
        return null;
    }

    private static string? WriteHex(OtlpWriter writer, int field, int bytes, ref Utf8JsonReader reader)
    {
        Span<byte> id = stackalloc byte[16];
        id = id[..bytes];
        if (reader.TokenType is not JsonTokenType.String)
            return "must be a string of hex digits";
        var text = Unescaped(ref reader);
        if (text.Length == 0)
            return null;
        if (text.Length != 2 * bytes)
            return $"must have {2 * bytes} hex digits";
        for (var i = 0; i < bytes; i++)
        {
            if (!char.IsAsciiHexDigit((char)text[2 * i]) || !char.IsAsciiHexDigit((char)text[(2 * i) + 1]))
                return $"must have {2 * bytes} hex digits";
            id[i] = (byte)((Nibble(text[2 * i]) << 4) | Nibble(text[(2 * i) + 1]));
        }

        writer.Bytes(field, id);
        return null;
    }

    /// <summary>The value of a valid hex digit.</summary>
    private static int Nibble(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private static string? WriteBase64(OtlpWriter writer, int field, ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not JsonTokenType.String)
            return "must be a base64 string";
        var text = Unescaped(ref reader);
        var mark = writer.Open(field, text.Length * 3 / 4);
        var room = writer.GetSpan(Base64.GetMaxDecodedFromUtf8Length(text.Length) + 3);
        if (Base64.DecodeFromUtf8(text, room, out _, out var written) is not System.Buffers.OperationStatus.Done
            && Base64Url.DecodeFromUtf8(text, room, out _, out written) is not System.Buffers.OperationStatus.Done)
            return "must be a base64 string";
        writer.Advance(written);
        writer.Close(mark);
        return null;
    }

    /// <summary>The text of a string or a property name. Replaces everything that is not Unicode.</summary>
    public static ReadOnlySpan<byte> Unescaped(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
            return reader.ValueSpan;
        var room = new byte[JsonText.Room(reader.ValueSpan, out var valid)];
        return room.AsSpan(0, JsonText.Unescape(reader.ValueSpan, valid, room));
    }
}
