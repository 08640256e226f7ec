using System.Text;
using System.Text.Unicode;

namespace TelemetryExtension.Otlp;

/// <summary>
/// Rewrites a request so that every receiver accepts it. Invalid UTF-8 becomes U+FFFD. An empty attribute key becomes <see cref="EmptyKey"/>. Of a
/// repeated key the last value stays, as in an SDK. The parts of a message are merged as a parser merges them. Everything else stays unchanged. Only
/// for requests in which <see cref="OtlpRequestValidator"/> finds no problem.
/// </summary>
internal static class OtlpRepair
{
    /// <summary>The name for an empty key. It keeps the value, and every backend accepts it.</summary>
    public const string EmptyKey = "_empty";

    public static void Write(OtlpWriter writer, Signal signal, ReadOnlySpan<byte> request) =>
        WriteMessage(writer, OtlpSchema.RequestOf(signal), request);

    /// <param name="message">The type of the bytes.</param>
    public static void WriteMessage(OtlpWriter writer, OtlpMessage message, ReadOnlySpan<byte> bytes)
    {
        if (message is OtlpMessage.AnyValue)
            bytes = LastValue(bytes);
        var fields = OtlpSchema.FieldsOf(message);
        var attributes = LastOfEachKey(fields, bytes);
        ulong seen = 0;
        var attribute = 0;
        var reader = new ProtobufReader(bytes);
        for (var start = 0; reader.TryReadTag(out var number, out var type); start = reader.Position)
        {
            ref readonly var field = ref number < fields.Length ? ref fields[number] : ref fields[0];
            if (type is not WireType.LengthDelimited)
            {
                reader.TrySkip(type);
                writer.Raw(bytes[start..reader.Position]);
                continue;
            }

            reader.TryReadBytes(out var value);
            if (field.Kind is OtlpFieldKind.String)
            {
                WriteString(writer, number, value);
            }
            else if (field.Kind is not OtlpFieldKind.Message)
            {
                writer.Raw(bytes[start..reader.Position]);
            }
            else if (field.Message is OtlpMessage.KeyValue)
            {
                var key = KeyOf(value);
                if (attributes![key] == attribute++)
                    WriteAttribute(writer, number, key, value);
            }
            else if (field.Repeated || (seen & (1UL << number)) == 0)
            {
                seen |= 1UL << number;
                if (!field.Repeated)
                    TryMerge(bytes, number, out value);
                WriteNested(writer, number, field.Message, value);
            }
        }
    }

    private static void WriteNested(OtlpWriter writer, int field, OtlpMessage message, ReadOnlySpan<byte> bytes)
    {
        var mark = writer.Open(field, bytes.Length);
        WriteMessage(writer, message, bytes);
        writer.Close(mark);
    }

    private static void WriteAttribute(OtlpWriter writer, int field, string key, ReadOnlySpan<byte> bytes)
    {
        var mark = writer.Open(field, bytes.Length);
        writer.String(OtlpFields.KeyValue.Key, key);
        if (TryMerge(bytes, OtlpFields.KeyValue.Value, out var value))
            WriteNested(writer, OtlpFields.KeyValue.Value, OtlpMessage.AnyValue, value);
        writer.Close(mark);
    }

    private static void WriteString(OtlpWriter writer, int field, ReadOnlySpan<byte> text)
    {
        if (Utf8.IsValid(text))
            writer.Bytes(field, text);
        else
            writer.String(field, Encoding.UTF8.GetString(text));
    }

    /// <summary>The index of the last attribute of each key, from 0. Null when the message has no attributes.</summary>
    private static Dictionary<string, int>? LastOfEachKey(ReadOnlySpan<OtlpField> fields, ReadOnlySpan<byte> bytes)
    {
        Dictionary<string, int>? last = null;
        var count = 0;
        var reader = new ProtobufReader(bytes);
        while (reader.TryReadTag(out var number, out var type))
        {
            if (type is not WireType.LengthDelimited)
                reader.TrySkip(type);
            else if (reader.TryReadBytes(out var value) && number < fields.Length && fields[number].Message is OtlpMessage.KeyValue)
                (last ??= new(StringComparer.Ordinal))[KeyOf(value)] = count++;
        }

        return last;
    }

    private static string KeyOf(ReadOnlySpan<byte> attribute)
    {
        ReadOnlySpan<byte> key = default;
        var reader = new ProtobufReader(attribute);
        while (reader.TryReadTag(out var number, out var type))
        {
            if (number != OtlpFields.KeyValue.Key || type is not WireType.LengthDelimited)
                reader.TrySkip(type);
            else
                reader.TryReadBytes(out key);
        }

        return key.IsEmpty ? EmptyKey : Encoding.UTF8.GetString(key);
    }

    /// <summary>Concatenates all parts of a message field, which is how protobuf merges them. False when the field is absent.</summary>
    private static bool TryMerge(ReadOnlySpan<byte> bytes, int field, out ReadOnlySpan<byte> merged)
    {
        merged = default;
        byte[]? joined = null;
        var (found, length) = (false, 0);
        var reader = new ProtobufReader(bytes);
        while (reader.TryReadTag(out var number, out var type))
        {
            if (number != field || type is not WireType.LengthDelimited)
            {
                reader.TrySkip(type);
                continue;
            }

            reader.TryReadBytes(out var part);
            if (!found)
                merged = part;
            else if (joined is null)
                merged.CopyTo(joined = new byte[bytes.Length]);
            if (joined is not null)
                part.CopyTo(joined.AsSpan(length));
            found = true;
            length += part.Length;
        }

        if (joined is not null)
            merged = joined.AsSpan(0, length);
        return found;
    }

    /// <summary>An AnyValue has one value. Of several fields the last one counts.</summary>
    private static ReadOnlySpan<byte> LastValue(ReadOnlySpan<byte> anyValue)
    {
        ReadOnlySpan<byte> last = default;
        var fields = OtlpSchema.FieldsOf(OtlpMessage.AnyValue);
        var reader = new ProtobufReader(anyValue);
        for (var start = 0; reader.TryReadTag(out var number, out var type); start = reader.Position)
        {
            reader.TrySkip(type);
            if (number < fields.Length)
                last = anyValue[start..reader.Position];
        }

        return last.IsEmpty ? anyValue : last;
    }
}
