namespace TelemetryExtension.Processing.Invocations;

/// <summary>The input of metrics: something that happened once, at <see cref="Time"/> (Unix epoch ns).</summary>
internal abstract record InvocationFact(long Time)
{
    /// <summary>faas.trigger, when the function's SDK said it. Never guessed.</summary>
    public string? Trigger { get; init; }

    /// <summary>With tenant isolation.</summary>
    public string? Tenant { get; init; }

    /// <summary>
    /// An invocation ended. <see cref="Status"/> is success, error, failure or timeout, or null when nobody reported the end. Durations are in ms,
    /// and null when unknown.
    /// </summary>
    public sealed record Finished(
        long Time, string? Status, bool ColdStart, double? DurationMs, double? ResponseLatencyMs, double? ResponseDurationMs,
        double? RuntimeOverheadMs, long? ProducedBytes, string? ErrorType) : InvocationFact(Time);

    /// <summary>The platform's final report of an invocation. It arrives one invocation late.</summary>
    public sealed record Reported(long Time, PlatformReportMetrics Metrics, double? ExtensionOverheadMs) : InvocationFact(Time);

    /// <summary>An init phase ended. <see cref="UserWaited"/> is true when it was part of a cold start and did not run ahead of time.</summary>
    public sealed record Initialized(long Time, double DurationMs, bool UserWaited) : InvocationFact(Time);

    /// <summary>A SnapStart restore ended.</summary>
    public sealed record Restored(long Time, double DurationMs) : InvocationFact(Time);

    /// <summary>The platform itself dropped records before they arrived here.</summary>
    public sealed record PlatformDropped(long Time, long Records, long Bytes) : InvocationFact(Time);
}
