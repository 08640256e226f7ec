using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LambdaSandbox;

/// <summary>One event of the platform. <see cref="Record"/> is an object, or a string for a log line.</summary>
public sealed class TelemetryEvent
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public TelemetryEvent(DateTimeOffset time, string type, JsonNode? record)
    {
        Time = time;
        Type = type;
        Record = record;
        Text = Envelope(record);
    }

    public DateTimeOffset Time { get; }
    public string Type { get; }
    public JsonNode? Record { get; }

    /// <summary>The event as sent.</summary>
    public string Text { get; }

    public string? RequestId => Record is JsonObject record ? record["requestId"]?.ToString() : null;

    /// <summary>The event's category in a subscription's `types`. Null for a type that belongs to none.</summary>
    internal string? Category => Type switch
    {
        "function" or "extension" => Type,
        _ when Type.StartsWith("platform.", StringComparison.Ordinal) => "platform",
        _ => null,
    };

    /// <summary>The event's text for a schema. Schema 2022-07-01 has no log records that are objects.</summary>
    internal string TextFor(string schemaVersion) =>
        schemaVersion == "2022-07-01" && Category != "platform" && Record is JsonObject or JsonArray
            ? Envelope(JsonValue.Create(Record.ToJsonString(Json)))
            : Text;

    /// <summary>The two bodies of <see cref="SandboxFaults.SplitLargeRecords"/>. Together they contain the value once.</summary>
    internal static (string First, string Second) Split(string text, int firstBytes)
    {
        const string key = "\"record\":";
        var value = text.IndexOf(key, StringComparison.Ordinal) + key.Length;
        var cut = Math.Clamp(firstBytes, value + 1, text.Length - 2);
        if (char.IsLowSurrogate(text[cut]))
            cut--;
        return ("[" + text[..cut] + "}]", "[" + text[..value] + text[cut..] + "]");
    }

    internal static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    private string Envelope(JsonNode? record) =>
        $"{{\"time\":\"{Iso(Time)}\",\"type\":{JsonSerializer.Serialize(Type, Json)},\"record\":{record?.ToJsonString(Json) ?? "null"}}}";
}
