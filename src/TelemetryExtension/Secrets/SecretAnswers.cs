using System.Buffers;
using System.Text;
using System.Text.Json;
using TelemetryExtension.Configuration;

namespace TelemetryExtension.Secrets;

/// <summary>Writes the requests and reads the answers of GetSecretValue and GetParameters.</summary>
internal static class SecretAnswers
{
    public static byte[] GetSecretValue(SecretSource source) => Json(json =>
    {
        json.WriteString("SecretId", source.Arn);
        if (source.Version is { Name: "versionId" } id)
            json.WriteString("VersionId", id.Value);
        else if (source.Version is { } stage)
            json.WriteString("VersionStage", stage.Value);
    });

    /// <param name="names">Names or ARNs.</param>
    public static byte[] GetParameters(IEnumerable<string> names) => Json(json =>
    {
        json.WriteStartArray("Names");
        foreach (var name in names)
            json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteBoolean("WithDecryption", true);
    });

    public static SecretAnswer OfSecret(SecretSource source, JsonDocument answer)
    {
        using (answer)
            return OfSecret(source, answer.RootElement);
    }

    public static SecretAnswer OfSecret(SecretSource source, JsonElement answer) =>
        Text(answer, "SecretString") is { } text ? new(source, text)
        : Member(answer, "SecretBinary") is { ValueKind: JsonValueKind.String } binary && binary.TryGetBytesFromBase64(out var bytes) ? new(source, Encoding.UTF8.GetString(bytes))
        : new(source, null, "the answer has no value");

    /// <summary>Finds each parameter by its ARN. In a setting a version or a label may follow the ARN.</summary>
    public static IEnumerable<SecretAnswer> OfParameters(IReadOnlyList<SecretSource> sources, JsonDocument answer)
    {
        using (answer)
        {
            var parameters = Member(answer.RootElement, "Parameters") is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray().ToList() : [];
            return
            [
                .. sources.Select(source => parameters.Find(parameter => Text(parameter, "ARN") + Text(parameter, "Selector") == source.Arn) is { ValueKind: JsonValueKind.Object } found
                    && Text(found, "Value") is { } value ? new SecretAnswer(source, value) : new SecretAnswer(source, null, "there is no such parameter")),
            ];
        }
    }

    /// <summary>The name of a parameter. A name with several levels begins with a slash, which the ARN does not contain.</summary>
    public static string NameOf(SecretSource parameter)
    {
        var name = string.Join(':', parameter.Arn.Split(':')[5..])["parameter/".Length..];
        return name.Contains('/', StringComparison.Ordinal) ? "/" + name : name;
    }

    private static string? Text(JsonElement json, string name) => Member(json, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    /// <summary>Null when the JSON is not an object, or has no such member.</summary>
    private static JsonElement? Member(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) ? value : null;

    private static byte[] Json(Action<Utf8JsonWriter> write)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return body.WrittenSpan.ToArray();
    }
}
