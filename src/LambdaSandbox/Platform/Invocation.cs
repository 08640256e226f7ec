namespace LambdaSandbox.Platform;

/// <summary>One running invocation. Its state changes only inside the <see cref="Gate"/>.</summary>
internal sealed class Invocation(string requestId, string payload, InvokeOptions options, TraceContext trace)
{
    public string RequestId { get; } = requestId;
    public string InvocationId { get; } = Guid.NewGuid().ToString();
    public string Payload { get; } = payload;
    public InvokeOptions Options { get; } = options;
    public TraceContext Trace { get; } = trace;

    public DateTimeOffset StartedAt { get; set; }
    /// <summary>The deadline that runtime and extensions see.</summary>
    public DateTimeOffset Deadline { get; set; }

    /// <summary>The same deadline on the clock of the <see cref="Gate"/>, which does not count imposed freezes.</summary>
    public TimeSpan Limit { get; set; }

    /// <summary>The time when the runtime took the event from its Next.</summary>
    public DateTimeOffset? HandedAt { get; set; }

    public DateTimeOffset? ResponseStartedAt { get; set; }
    public DateTimeOffset? ResponseEndedAt { get; set; }

    /// <summary>The time of the runtime's following Next.</summary>
    public DateTimeOffset? RuntimeDoneAt { get; set; }

    public string? Response { get; set; }
    public long ProducedBytes { get; set; }
    public InvocationError? Error { get; set; }

    public bool HasAnswered => ResponseEndedAt is not null;
}
