namespace TelemetryExtension.Processing.Invocations;

/// <summary>
/// A platform.* event of the Telemetry API (schema 2025-01-29), with the fields that the extension uses. Every field may be missing and is null then.
/// Times are Unix epoch nanoseconds. An envelope without a readable time gets the time of receipt.
/// </summary>
internal abstract record PlatformEvent(long Time)
{
    /// <summary>Entries of <c>spans</c> without a readable name, start or duration.</summary>
    public int UnreadableSpans { get; init; }

    /// <param name="InstanceMaxMemory">In bytes.</param>
    public sealed record InitStart(long Time, string? InitializationType, string? Phase, string? InstanceId, long? InstanceMaxMemory) : PlatformEvent(Time)
    {
        public string? RuntimeVersion { get; init; }

        public string? RuntimeVersionArn { get; init; }
    }

    public sealed record InitRuntimeDone(long Time, string? Status, string? ErrorType) : PlatformEvent(Time);

    public sealed record InitReport(long Time, string? Status, string? ErrorType, double? DurationMs) : PlatformEvent(Time);

    public sealed record RestoreStart(long Time, string? InstanceId, long? InstanceMaxMemory) : PlatformEvent(Time)
    {
        public string? RuntimeVersion { get; init; }

        public string? RuntimeVersionArn { get; init; }
    }

    public sealed record RestoreRuntimeDone(long Time, string? Status, string? ErrorType) : PlatformEvent(Time);

    public sealed record RestoreReport(long Time, string? Status, string? ErrorType, double? DurationMs) : PlatformEvent(Time);

    public sealed record Start(long Time, string RequestId, string? FunctionArn, PlatformTracing Tracing, string? TenantId) : PlatformEvent(Time);

    public sealed record RuntimeDone(
        long Time, string RequestId, string? Status, string? ErrorType, double? DurationMs, long? ProducedBytes,
        IReadOnlyList<PlatformSpan> Spans, PlatformTracing Tracing, string? TenantId) : PlatformEvent(Time);

    public sealed record Report(
        long Time, string RequestId, string? Status, string? ErrorType, PlatformReportMetrics Metrics,
        IReadOnlyList<PlatformSpan> Spans, PlatformTracing Tracing, string? TenantId) : PlatformEvent(Time);

    public sealed record LogsDropped(long Time, long Records, long Bytes) : PlatformEvent(Time);

    /// <summary>A known event that the extension does not use: platform.extension, platform.telemetrySubscription.</summary>
    public sealed record Informational(long Time, string Type) : PlatformEvent(Time);

    /// <summary>An event that this version does not know. AWS adds types.</summary>
    public sealed record Unknown(long Time, string Type) : PlatformEvent(Time);
}

/// <summary>The <c>tracing</c> object: Lambda's own segment (active tracing only) and the upstream X-Ray header.</summary>
internal readonly record struct PlatformTracing(string? SpanId, string? Value);

/// <summary>An entry of <c>spans</c>: responseLatency, responseDuration, runtimeOverhead, extensionOverhead.</summary>
internal readonly record struct PlatformSpan(string Name, long Start, double DurationMs);

/// <summary>The metrics of platform.report. Managed Instances report only the duration.</summary>
internal readonly record struct PlatformReportMetrics(
    double? DurationMs, double? BilledDurationMs, long? MemorySizeMb, long? MaxMemoryUsedMb);
