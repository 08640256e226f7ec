using System.Text.Json.Nodes;
using LambdaSandbox.Telemetry;

namespace LambdaSandbox.Platform;

/// <param name="Billed">Whole milliseconds. Includes the init of an on-demand cold start.</param>
internal sealed record InvocationFigures(TimeSpan Duration, TimeSpan Billed, TimeSpan? InitDuration, TimeSpan? RestoreDuration, int MaxMemoryUsedMb);

/// <summary>How an invocation ended.</summary>
/// <param name="Reset">Whether the environment must be ended.</param>
internal sealed record InvocationOutcome(string Status, string? ErrorType, DateTimeOffset End, TimeSpan ExtensionOverhead, bool Reset)
{
    /// <summary>The start of the duration. With an init inside the invocation it is the arrival of the request.</summary>
    public DateTimeOffset Start { get; init; }

    /// <summary>The time from the sending of runtimeDone to the last Next. Null when Next had been called before.</summary>
    public TimeSpan? AfterRuntimeDone { get; init; }
}

/// <summary>Sends the events of one invocation to runtime, extensions and subscribers.</summary>
internal sealed class InvocationEvents(PlatformState platform, TelemetryStream telemetry)
{
    private readonly SandboxOptions options = platform.Options;

    public JsonObject InvokeEvent(Invocation invocation)
    {
        var item = new JsonObject
        {
            ["eventType"] = "INVOKE",
            ["deadlineMs"] = invocation.Deadline.ToUnixTimeMilliseconds(),
            ["requestId"] = invocation.RequestId,
            ["invokedFunctionArn"] = platform.FunctionArn,
        };
        if (invocation.Trace.Header is { } header)
            item["tracing"] = new JsonObject { ["type"] = "X-Amzn-Trace-Id", ["value"] = header };
        return item;
    }

    public void Start(Invocation invocation) => telemetry.Emit("platform.start", PlatformEvents.Start(
        options, invocation.RequestId, platform.FunctionArn, invocation.Trace.Tracing(), invocation.Options.TenantId), invocation.StartedAt);

    public void RuntimeDone(Invocation invocation, string status, string? errorType, DateTimeOffset doneAt) => telemetry.Emit(
        "platform.runtimeDone",
        PlatformEvents.RuntimeDone(
            invocation.RequestId, status, errorType, doneAt - invocation.StartedAt, invocation.ProducedBytes,
            ResponseSpans(invocation, withOverhead: true), invocation.Trace.Tracing(), invocation.Options.TenantId));

    /// <remarks>Managed instances report only the duration, and the spans that runtimeDone has elsewhere.</remarks>
    public void Report(Invocation invocation, InvocationOutcome outcome, InvocationFigures figures)
    {
        var metrics = new JsonObject { ["durationMs"] = PlatformEvents.Ms(figures.Duration) };
        JsonArray spans = [];
        if (options.InitializationType == InitializationType.ManagedInstances)
        {
            spans = ResponseSpans(invocation, withOverhead: false);
        }
        else
        {
            metrics["billedDurationMs"] = (long)figures.Billed.TotalMilliseconds;
            metrics["memorySizeMB"] = options.MemorySizeMb;
            metrics["maxMemoryUsedMB"] = figures.MaxMemoryUsedMb;
            metrics["initDurationMs"] = figures.InitDuration is { } value ? PlatformEvents.Ms(value) : null;
            metrics["restoreDurationMs"] = figures.RestoreDuration is { } restoring ? PlatformEvents.Ms(restoring) : null;
            if (invocation.RuntimeDoneAt is { } doneAt)
                spans.Add((JsonNode)PlatformEvents.Span("extensionOverhead", doneAt, outcome.ExtensionOverhead));
        }

        telemetry.Emit("platform.report", PlatformEvents.Report(
            invocation.RequestId, outcome.Status, outcome.ErrorType, metrics, spans, invocation.Trace.Tracing(), invocation.Options.TenantId));
    }

    private static JsonArray ResponseSpans(Invocation invocation, bool withOverhead)
    {
        JsonArray spans = [];
        if (invocation is not { HandedAt: { } handed, ResponseStartedAt: { } started, ResponseEndedAt: { } ended })
            return spans;
        spans.Add((JsonNode)PlatformEvents.Span("responseLatency", handed, started - handed));
        spans.Add((JsonNode)PlatformEvents.Span("responseDuration", started, ended - started));
        if (withOverhead && invocation.RuntimeDoneAt is { } done)
            spans.Add((JsonNode)PlatformEvents.Span("runtimeOverhead", ended, done - ended));
        return spans;
    }
}
