namespace TelemetryExtension.Lambda.ExtensionsApi;

/// <summary>What Next answered. <see cref="DeadlineMs"/>: epoch milliseconds, of the function's timeout or of the whole shutdown.</summary>
internal abstract record ExtensionEvent(long DeadlineMs)
{
    /// <summary>A new invocation. <see cref="TraceHeader"/> is the X-Ray header that the function gets, null without one.</summary>
    public sealed record Invoke(string RequestId, string InvokedFunctionArn, string? TraceHeader, long DeadlineMs) : ExtensionEvent(DeadlineMs);

    /// <summary>The environment ends. <see cref="Reason"/>: spindown, timeout or failure, in lower case.</summary>
    public sealed record Shutdown(string Reason, long DeadlineMs) : ExtensionEvent(DeadlineMs);

    /// <summary>The Extensions API has refused Next for good, or is gone: the environment is over, and no SHUTDOWN will come.</summary>
    public sealed record Lost(string Reason) : ExtensionEvent(0);

    /// <summary>Nothing that can be acted on: an event type that this version does not know, or an answer that is no event.</summary>
    public sealed record Unknown(string Type) : ExtensionEvent(0);
}
