using System.Text.Json.Nodes;

namespace LambdaSandbox.Telemetry;

/// <summary>Events of the Telemetry API as the Logs API has them: fewer, and with fewer fields.</summary>
internal static class LogsApiEvents
{
    private static readonly string[] Metrics = ["durationMs", "billedDurationMs", "memorySizeMB", "maxMemoryUsedMB", "initDurationMs"];

    public static IEnumerable<TelemetryEvent> Of(TelemetryEvent item, string schemaVersion) => item.Type switch
    {
        "function" or "extension" => [item.Record is JsonObject ? Made(item, item.Type, JsonValue.Create(item.Record.ToJsonString())) : item],
        "platform.start" => [Made(item, item.Type, Part(item, "requestId", "version"))],
        "platform.runtimeDone" => schemaVersion == "2020-08-15" ? [] : [Made(item, item.Type, Part(item, "requestId", "status"))],
        "platform.report" => Report(item),
        "platform.extension" or "platform.logsSubscription" or "platform.logsDropped" => [item],
        _ => [],
    };

    private static IEnumerable<TelemetryEvent> Report(TelemetryEvent item)
    {
        var record = (JsonObject)item.Record!;
        var (id, errorType) = ((string?)record["requestId"], (string?)record["errorType"]);
        if (errorType is not null && !errorType.StartsWith("Function.", StringComparison.Ordinal))
            yield return Made(item, "platform.fault", JsonValue.Create($"RequestId: {id}\tStatus: {(string?)record["status"]}\tErrorType: {errorType}\n"));
        yield return Made(item, "platform.end", new JsonObject { ["requestId"] = id });
        var metrics = (JsonObject)record["metrics"]!;
        yield return Made(item, item.Type, new JsonObject
        {
            ["requestId"] = id,
            ["metrics"] = new JsonObject(Metrics.Where(metrics.ContainsKey).Select(name => KeyValuePair.Create(name, metrics[name]?.DeepClone()))),
        });
    }

    private static JsonObject Part(TelemetryEvent item, params IEnumerable<string> names)
    {
        var record = (JsonObject)item.Record!;
        return new JsonObject(names.Where(record.ContainsKey).Select(name => KeyValuePair.Create(name, record[name]?.DeepClone())));
    }

    private static TelemetryEvent Made(TelemetryEvent item, string type, JsonNode? record) => new(item.Time, type, record);
}
