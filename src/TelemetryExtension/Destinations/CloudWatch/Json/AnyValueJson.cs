using System.Text;
using System.Text.Json;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Destinations.CloudWatch.Json;

/// <summary>Writes OTLP values as plain JSON: no type wrappers, bytes as base64, and numbers that JSON lacks (NaN) as text.</summary>
internal static class AnyValueJson
{
    // A deeper value is an attack or a mistake. System.Text.Json itself reads 64 levels.
    private const int MaxDepth = 32;

    public static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> anyValue, int depth = 0)
    {
        var reader = new ProtobufReader(anyValue);
        if (!reader.TryReadTag(out var field, out var type))
            json.WriteNullValue();
        else if (type == WireType.LengthDelimited && reader.TryReadBytes(out var bytes))
            WriteBytes(json, field, bytes, depth);
        else if (field == 2 && type == WireType.Varint && reader.TryReadVarint(out var flag))
            json.WriteBooleanValue(flag != 0);
        else if (field == 3 && type == WireType.Varint && reader.TryReadVarint(out var integer))
            json.WriteNumberValue((long)integer);
        else if (field == 4 && type == WireType.Fixed64 && reader.TryReadFixed64(out var bits))
            WriteDouble(json, BitConverter.UInt64BitsToDouble(bits));
        else
            json.WriteNullValue();
    }

    public static void WriteDouble(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value))
            json.WriteNumberValue(value);
        else
            json.WriteStringValue(double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    }

    /// <summary>Writes the KeyValue messages in field <paramref name="field"/> of a message as one JSON object, or nothing when there are none.</summary>
    public static void WriteAttributes(Utf8JsonWriter json, string? name, ReadOnlySpan<byte> message, int field, int depth = 0)
    {
        var reader = new ProtobufReader(message);
        var open = false;
        while (reader.TryReadTag(out var read, out var type))
        {
            if (read != field || type != WireType.LengthDelimited)
            {
                reader.TrySkip(type);
                continue;
            }

            if (!reader.TryReadBytes(out var keyValue))
                break;
            if (!open && name is not null)
                json.WriteStartObject(name);
            else if (!open)
                json.WriteStartObject();
            open = true;
            json.WritePropertyName(OtlpRecords.Find(keyValue, 1));
            Write(json, OtlpRecords.Find(keyValue, 2), depth);
        }

        if (open)
            json.WriteEndObject();
        else if (name is null)
            WriteEmptyObject(json);
    }

    /// <summary>An attribute's value as text: a string unchanged, anything else as JSON. Null when the attribute is missing.</summary>
    public static string? Text(ReadOnlySpan<byte> message, int field, string key)
    {
        var reader = new ProtobufReader(message);
        while (reader.TryReadTag(out var read, out var type))
        {
            if (read != field || type != WireType.LengthDelimited)
                reader.TrySkip(type);
            else if (reader.TryReadBytes(out var keyValue) && Encoding.UTF8.GetString(OtlpRecords.Find(keyValue, 1)) == key)
                return Text(OtlpRecords.Find(keyValue, 2));
        }

        return null;
    }

    public static string Text(ReadOnlySpan<byte> anyValue)
    {
        var reader = new ProtobufReader(anyValue);
        if (reader.TryReadTag(out var field, out _) && field == 1 && reader.TryReadBytes(out var text))
            return Encoding.UTF8.GetString(text);
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, RecordJson.Options))
            Write(json, anyValue);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void WriteBytes(Utf8JsonWriter json, int field, ReadOnlySpan<byte> bytes, int depth)
    {
        if (field == 1)
            json.WriteStringValue(bytes);
        else if (field == 7)
            json.WriteBase64StringValue(bytes);
        else if (depth == MaxDepth)
            json.WriteStringValue("…");
        else if (field == 5)
            WriteArray(json, bytes, depth + 1);
        else if (field == 6)
            WriteAttributes(json, null, bytes, 1, depth + 1);
        else
            json.WriteNullValue();
    }

    private static void WriteArray(Utf8JsonWriter json, ReadOnlySpan<byte> array, int depth)
    {
        json.WriteStartArray();
        var reader = new ProtobufReader(array);
        while (reader.TryReadTag(out var field, out var type))
        {
            if (field != 1 || type != WireType.LengthDelimited)
                reader.TrySkip(type);
            else if (reader.TryReadBytes(out var value))
                Write(json, value, depth);
        }

        json.WriteEndArray();
    }

    private static void WriteEmptyObject(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteEndObject();
    }
}
