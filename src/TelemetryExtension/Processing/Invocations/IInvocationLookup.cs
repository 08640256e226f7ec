namespace TelemetryExtension.Processing.Invocations;

/// <summary>Finds the invocation of a log line, and hears what the line says about it.</summary>
internal interface IInvocationLookup
{
    /// <summary>
    /// The invocation that runs, from platform.start to its end. Null before the first, and on Managed Instances whenever another
    /// one may have written the line. A line that
    /// arrives after the end but was written before it belongs to the invocation that ended.
    /// </summary>
    /// <param name="time">The line's time by the platform's clock (Unix epoch, ns).</param>
    InvocationContext? OpenAt(long time);

    /// <summary>Finds a recent invocation by the request id in the line. Null when it is unknown.</summary>
    InvocationContext? Find(ReadOnlySpan<byte> requestIdUtf8);

    /// <summary>A line says which durable execution the invocation belongs to.</summary>
    void OnDurableExecution(InvocationContext invocation, string arn);

    /// <summary>A line reports why the invocation failed: an exception that the function did not handle, or the end of its runtime.</summary>
    /// <param name="message">Valid UTF-8. May be empty.</param>
    void OnFailure(InvocationContext invocation, ReadOnlySpan<byte> message);
}
