using System.Collections;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace LambdaSandbox.Backend;

/// <summary>Writes OTLP's JSON: ids in hex, enums as integers, 64-bit integers as strings, lowerCamelCase keys. The counterpart of <see cref="OtlpJson"/>.</summary>
internal static class OtlpJsonWriter
{
    private static readonly HashSet<string> HexFields = ["trace_id", "span_id", "parent_span_id"];
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Write(IMessage message)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Options))
            Write(writer, message);
        return buffer.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, IMessage message)
    {
        writer.WriteStartObject();
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            var value = field.Accessor.GetValue(message);
            if (IsAbsent(field, message, value))
                continue;
            writer.WritePropertyName(field.JsonName);
            if (field.IsRepeated)
            {
                writer.WriteStartArray();
                foreach (var each in (IList)value)
                    Write(writer, field, each);
                writer.WriteEndArray();
            }
            else
            {
                Write(writer, field, value);
            }
        }

        writer.WriteEndObject();
    }

    private static bool IsAbsent(FieldDescriptor field, IMessage message, object? value)
    {
        if (field.IsRepeated)
            return ((IList)value!).Count == 0;
        if (field.HasPresence)
            return !field.Accessor.HasValue(message);
        return value switch
        {
            null or "" or false or 0 or 0L or 0u or 0ul or 0.0 => true,
            ByteString bytes => bytes.IsEmpty,
            Enum number => Convert.ToInt32(number, CultureInfo.InvariantCulture) == 0,
            _ => false,
        };
    }

    private static void Write(Utf8JsonWriter writer, FieldDescriptor field, object? value)
    {
        switch (value)
        {
            case IMessage message:
                Write(writer, message);
                break;
            case string text:
                writer.WriteStringValue(text);
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case ByteString bytes:
                writer.WriteStringValue(HexFields.Contains(field.Name) ? Convert.ToHexStringLower(bytes.Span) : bytes.ToBase64());
                break;
            case double number when double.IsFinite(number):
                writer.WriteNumberValue(number);
                break;
            case double number:
                writer.WriteStringValue(double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
                break;
            case long or ulong:
                writer.WriteStringValue(((IFormattable)value).ToString(null, CultureInfo.InvariantCulture));
                break;
            default:
                writer.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
        }
    }
}
