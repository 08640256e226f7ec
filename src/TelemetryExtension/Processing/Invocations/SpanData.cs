using System.Diagnostics;

namespace TelemetryExtension.Processing.Invocations;

/// <summary>A finished span, ready for the exporter. Times are Unix epoch nanoseconds.</summary>
/// <param name="Error">Status ERROR with this description (may be empty); null leaves the status unset.</param>
internal sealed record SpanData(
    string Name,
    ActivityKind Kind,
    ActivityTraceId TraceId,
    ActivitySpanId SpanId,
    ActivitySpanId? ParentSpanId,
    long Start,
    long End,
    string? Error,
    IReadOnlyList<KeyValuePair<string, object?>> Attributes)
{
    /// <summary>Related spans of other traces, such as an init that ran ahead of time.</summary>
    public IReadOnlyList<ActivityContext> Links { get; init; } = [];

    /// <summary>X-Ray's decision for the request. Null when there is none.</summary>
    public bool? Sampled { get; init; }
}
