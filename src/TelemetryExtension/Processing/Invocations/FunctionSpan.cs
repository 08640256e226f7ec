using System.Diagnostics;

namespace TelemetryExtension.Processing.Invocations;

/// <summary>The span with which the function's own SDK describes an invocation.</summary>
/// <param name="IsServer">Its kind is SERVER. Some SDKs use CONSUMER for events of a queue.</param>
/// <param name="Parent">Null for a root span.</param>
/// <param name="Trigger">faas.trigger. Null when the SDK does not say it.</param>
/// <param name="Attributes">What only the SDK knows about the event: faas.trigger, http.route and messaging.*.</param>
internal sealed record FunctionSpan(
    string RequestId,
    bool IsServer,
    ActivityTraceId TraceId,
    ActivitySpanId SpanId,
    ActivitySpanId? Parent,
    string? Trigger,
    IReadOnlyList<KeyValuePair<string, object?>> Attributes)
{
    /// <summary>The ARN of a durable execution among its attributes. Null without one.</summary>
    public string? DurableExecution { get; init; }

    public ActivityContext Context => new(TraceId, SpanId, ActivityTraceFlags.Recorded);

    /// <summary>
    /// The one that stands for the invocation. SERVER is the convention's kind. Of two of one kind the later one is the outer one, because a span is
    /// exported when it ends.
    /// </summary>
    public static FunctionSpan Better(FunctionSpan? known, FunctionSpan arrived) => known is { IsServer: true } && !arrived.IsServer ? known : arrived;
}
