namespace TelemetryExtension.Lambda.ExtensionsApi;

/// <summary>The answer to Next. <see cref="DeadlineMs"/> is the function's timeout or the end of the shutdown, in epoch milliseconds.</summary>
internal abstract record ExtensionEvent(long DeadlineMs)
{
    /// <summary>A new invocation. <see cref="TraceHeader"/> is the X-Ray header that the function gets, or null.</summary>
    public sealed record Invoke(string RequestId, string InvokedFunctionArn, string? TraceHeader, long DeadlineMs) : ExtensionEvent(DeadlineMs);

    /// <summary>The end of the environment. <see cref="Reason"/> is spindown, timeout or failure, in lower case.</summary>
    public sealed record Shutdown(string Reason, long DeadlineMs) : ExtensionEvent(DeadlineMs);

    /// <summary>The Extensions API refused Next for good or is unreachable. The environment has ended, and no SHUTDOWN follows.</summary>
    public sealed record Lost(string Reason) : ExtensionEvent(0);

    /// <summary>An event that the extension ignores: an event type that this version does not know, or an answer that is not an event.</summary>
    public sealed record Unknown(string Type) : ExtensionEvent(0);
}
