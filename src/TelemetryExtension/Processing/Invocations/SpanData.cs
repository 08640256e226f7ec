using System.Diagnostics;

namespace TelemetryExtension.Processing.Invocations;

/// <summary>A finished span, ready for the exporter. Times are Unix epoch nanoseconds.</summary>
/// <param name="Error">The type of the error that makes the status ERROR; null leaves the status unset.</param>
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
    /// <summary>
    /// The description of an ERROR status: the exception's message, or null. Never the error's type, which is an attribute (conventions, recording
    /// errors).
    /// </summary>
    public string? Description { get; init; }

    /// <summary>Related spans of other traces, such as an init that ran ahead of time.</summary>
    public IReadOnlyList<ActivityContext> Links { get; init; } = [];

    /// <summary>X-Ray's decision for the request. Null when there is none.</summary>
    public bool? Sampled { get; init; }
}
