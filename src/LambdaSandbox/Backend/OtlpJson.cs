using System.Collections;
using System.Globalization;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace LambdaSandbox.Backend;

/// <summary>
/// Reads OTLP's JSON, which differs from plain proto3 JSON: ids are hex, enums are only integers, and keys are only lowerCamelCase. Strict where the
/// specification is, so that a sender's mistake is a 400 here. Unknown keys are ignored, as receivers must.
/// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
/// </summary>
public static class OtlpJson
{
    private static readonly HashSet<string> HexFields = ["trace_id", "span_id", "parent_span_id"];

    /// <exception cref="FormatException">The text is not OTLP JSON. The message names the path.</exception>
    public static void Merge(IMessage message, ReadOnlyMemory<byte> json)
    {
        ArgumentNullException.ThrowIfNull(message);
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 200 });
            ReadMessage(message, document.RootElement, "$");
        }
        catch (JsonException error)
        {
            throw new FormatException($"not JSON: {error.Message}", error);
        }
    }

    private static void ReadMessage(IMessage message, JsonElement json, string path)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw Wrong(path, "an object", json);

        OneofDescriptor? seen = null;
        foreach (var member in json.EnumerateObject())
        {
            var field = message.Descriptor.Fields.InDeclarationOrder().FirstOrDefault(field => field.JsonName == member.Name);
            if (field is null || member.Value.ValueKind == JsonValueKind.Null)
                continue;

            var place = $"{path}.{member.Name}";
            if (field.RealContainingOneof is { } oneof)
            {
                if (oneof == seen)
                    throw new FormatException($"{place}: a second value for {oneof.Name}");
                seen = oneof;
            }

            if (field.IsRepeated)
                ReadList((IList)field.Accessor.GetValue(message), field, member.Value, place);
            else
                field.Accessor.SetValue(message, ReadValue(field, member.Value, place));
        }
    }

    private static void ReadList(IList list, FieldDescriptor field, JsonElement json, string path)
    {
        if (json.ValueKind != JsonValueKind.Array)
            throw Wrong(path, "an array", json);
        foreach (var element in json.EnumerateArray())
            list.Add(ReadValue(field, element, $"{path}[{list.Count}]"));
    }

    private static object ReadValue(FieldDescriptor field, JsonElement json, string path)
    {
        switch (field.FieldType)
        {
            case FieldType.Message:
                var message = field.MessageType.Parser.ParseFrom(ByteString.Empty);
                ReadMessage(message, json, path);
                return message;
            case FieldType.String:
                return json.ValueKind == JsonValueKind.String ? json.GetString()! : throw Wrong(path, "a string", json);
            case FieldType.Bool:
                return json.ValueKind is JsonValueKind.True or JsonValueKind.False ? json.GetBoolean() : throw Wrong(path, "true or false", json);
            case FieldType.Bytes:
                return ReadBytes(HexFields.Contains(field.Name), json, path);
            case FieldType.Enum:
                return json.ValueKind == JsonValueKind.Number && json.TryGetInt32(out var number) ? number : throw Wrong(path, "an integer", json);
            case FieldType.Double:
                return ReadDouble(json, path);
            case FieldType.Int32 or FieldType.SInt32:
                return Integer<int>(json, path);
            case FieldType.UInt32 or FieldType.Fixed32:
                return Integer<uint>(json, path);
            case FieldType.Int64 or FieldType.SFixed64:
                return Integer<long>(json, path);
            case FieldType.UInt64 or FieldType.Fixed64:
                return Integer<ulong>(json, path);
            default:
                throw new InvalidOperationException($"OTLP has no field of type {field.FieldType}");
        }
    }

    /// <summary>Reads an integer. 64-bit integers are written as strings and may also be numbers. Accepting the same for 32 bits does no harm.</summary>
    private static T Integer<T>(JsonElement json, string path)
        where T : struct, IParsable<T>
    {
        var text = json.ValueKind switch
        {
            JsonValueKind.String => json.GetString(),
            JsonValueKind.Number => json.GetRawText(),
            _ => null,
        };
        return T.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : throw Wrong(path, $"an integer ({typeof(T).Name})", json);
    }

    private static double ReadDouble(JsonElement json, string path) => json.ValueKind switch
    {
        JsonValueKind.Number => json.GetDouble(),
        JsonValueKind.String when json.GetString() is "NaN" => double.NaN,
        JsonValueKind.String when json.GetString() is "Infinity" => double.PositiveInfinity,
        JsonValueKind.String when json.GetString() is "-Infinity" => double.NegativeInfinity,
        JsonValueKind.String when double.TryParse(json.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) => value,
        _ => throw Wrong(path, "a number", json),
    };

    private static ByteString ReadBytes(bool hex, JsonElement json, string path)
    {
        if (json.ValueKind != JsonValueKind.String)
            throw Wrong(path, hex ? "a hex string" : "a base64 string", json);
        try
        {
            var text = json.GetString()!;
            return UnsafeByteOperations.UnsafeWrap(hex ? Convert.FromHexString(text) : Convert.FromBase64String(text));
        }
        catch (FormatException)
        {
            throw Wrong(path, hex ? "a hex string" : "a base64 string", json);
        }
    }

    private static FormatException Wrong(string path, string expected, JsonElement found)
    {
        var text = found.GetRawText();
        return new FormatException($"{path}: expected {expected}, found {(text.Length <= 40 ? text : text[..40] + "...")}");
    }
}
