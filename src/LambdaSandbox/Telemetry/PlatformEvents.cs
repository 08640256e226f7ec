using System.Text.Json.Nodes;

namespace LambdaSandbox.Telemetry;

/// <summary>Creates the records of the platform's events, with the fields that AWS documents. Absent values are left out, not null.</summary>
internal static class PlatformEvents
{
    public static JsonObject InitStart(SandboxOptions options, string phase, string instanceId, JsonObject? tracing) => Clean(new()
    {
        ["initializationType"] = TypeName(options.InitializationType),
        ["phase"] = phase,
        ["runtimeVersion"] = options.RuntimeVersion,
        ["runtimeVersionArn"] = options.RuntimeVersionArn,
        ["functionName"] = options.FunctionName,
        ["functionVersion"] = options.FunctionVersion,
        ["instanceId"] = instanceId,
        ["instanceMaxMemory"] = options.MemorySizeMb * 1024L * 1024,
        ["tracing"] = tracing,
    });

    public static JsonObject InitRuntimeDone(SandboxOptions options, string phase, string status, string? errorType) => Clean(new()
    {
        ["initializationType"] = TypeName(options.InitializationType),
        ["phase"] = phase,
        ["status"] = status,
        ["errorType"] = errorType,
    });

    public static JsonObject InitReport(SandboxOptions options, string phase, string status, string? errorType, TimeSpan duration) => Clean(new()
    {
        ["initializationType"] = TypeName(options.InitializationType),
        ["phase"] = phase,
        ["status"] = status,
        ["errorType"] = errorType,
        ["metrics"] = new JsonObject { ["durationMs"] = Ms(duration) },
    });

    public static JsonObject RestoreStart(SandboxOptions options, string instanceId) => Clean(new()
    {
        ["functionName"] = options.FunctionName,
        ["functionVersion"] = options.FunctionVersion,
        ["instanceId"] = instanceId,
        ["instanceMaxMemory"] = options.MemorySizeMb * 1024L * 1024,
        ["runtimeVersion"] = options.RuntimeVersion,
        ["runtimeVersionArn"] = options.RuntimeVersionArn,
    });

    public static JsonObject Restored(string status, string? errorType, TimeSpan? duration) => Clean(new()
    {
        ["status"] = status,
        ["errorType"] = errorType,
        ["metrics"] = duration is { } value ? new JsonObject { ["durationMs"] = Ms(value) } : null,
    });

    public static JsonObject Start(SandboxOptions options, string requestId, string functionArn, JsonObject? tracing, string? tenantId) => Clean(new()
    {
        ["requestId"] = requestId,
        ["version"] = options.FunctionVersion,
        ["functionArn"] = functionArn,
        ["tracing"] = tracing,
        ["tenantId"] = tenantId,
    });

    public static JsonObject RuntimeDone(
        string requestId, string status, string? errorType, TimeSpan duration, long producedBytes, JsonArray? spans, JsonObject? tracing, string? tenantId) => Clean(new()
        {
            ["requestId"] = requestId,
            ["status"] = status,
            ["errorType"] = errorType,
            ["metrics"] = new JsonObject { ["durationMs"] = Ms(duration), ["producedBytes"] = producedBytes },
            ["spans"] = spans is { Count: > 0 } ? spans : null,
            ["tracing"] = tracing,
            ["tenantId"] = tenantId,
        });

    public static JsonObject Report(
        string requestId, string status, string? errorType, JsonObject metrics, JsonArray? spans, JsonObject? tracing, string? tenantId) => Clean(new()
        {
            ["requestId"] = requestId,
            ["status"] = status,
            ["errorType"] = errorType,
            ["metrics"] = Clean(metrics),
            ["spans"] = spans is { Count: > 0 } ? spans : null,
            ["tracing"] = tracing,
            ["tenantId"] = tenantId,
        });

    public static JsonObject Extension(string name, string state, IEnumerable<string> events, string? errorType) => Clean(new()
    {
        ["name"] = name,
        ["state"] = state,
        ["events"] = new JsonArray([.. events.Select(e => (JsonNode)e)]),
        ["errorType"] = errorType,
    });

    public static JsonObject TelemetrySubscription(string name, string state, IEnumerable<string> types) => new()
    {
        ["name"] = name,
        ["state"] = state,
        ["types"] = new JsonArray([.. types.Select(t => (JsonNode)t)]),
    };

    public static JsonObject LogsDropped(int records, long bytes) => new()
    {
        ["droppedBytes"] = bytes,
        ["droppedRecords"] = records,
        ["reason"] = "Some logs were dropped because the downstream consumer is slower than the logs production rate",
    };

    public static JsonObject Span(string name, DateTimeOffset start, TimeSpan duration) => new()
    {
        ["name"] = name,
        ["start"] = TelemetryEvent.Iso(start),
        ["durationMs"] = Ms(duration),
    };

    public static string TypeName(InitializationType type) => type switch
    {
        InitializationType.ProvisionedConcurrency => "provisioned-concurrency",
        InitializationType.SnapStart => "snap-start",
        InitializationType.ManagedInstances => "lambda-managed-instances",
        _ => "on-demand",
    };

    public static double Ms(TimeSpan duration) => Math.Round(duration.TotalMilliseconds, 3);

    private static JsonObject Clean(JsonObject record)
    {
        foreach (var name in record.Where(pair => pair.Value is null).Select(pair => pair.Key).ToList())
            record.Remove(name);
        return record;
    }
}
