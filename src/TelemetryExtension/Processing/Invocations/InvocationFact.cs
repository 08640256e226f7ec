namespace TelemetryExtension.Processing.Invocations;

/// <summary>What metrics are made of: something that happened once, at <see cref="Time"/> (Unix epoch ns).</summary>
internal abstract record InvocationFact(long Time)
{
    /// <summary>
    /// An invocation ended. <see cref="Status"/>: success, error, failure or timeout, and null when nobody told; durations in ms where they are known.
    /// </summary>
    public sealed record Finished(
        long Time, string? Status, bool ColdStart, double? DurationMs, double? ResponseLatencyMs, double? ResponseDurationMs,
        double? RuntimeOverheadMs, long? ProducedBytes, string? ErrorType) : InvocationFact(Time);

    /// <summary>The platform's final account of an invocation, one invocation late.</summary>
    public sealed record Reported(long Time, PlatformReportMetrics Metrics, double? ExtensionOverheadMs) : InvocationFact(Time);

    /// <summary>An init phase ended; <see cref="UserWaited"/> when it was part of a cold start and not done ahead of time.</summary>
    public sealed record Initialized(long Time, double DurationMs, bool UserWaited) : InvocationFact(Time);

    /// <summary>A SnapStart restore ended.</summary>
    public sealed record Restored(long Time, double DurationMs) : InvocationFact(Time);

    /// <summary>The platform itself dropped records before they reached us.</summary>
    public sealed record PlatformDropped(long Time, long Records, long Bytes) : InvocationFact(Time);
}
