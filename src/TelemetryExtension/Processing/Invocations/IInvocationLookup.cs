namespace TelemetryExtension.Processing.Invocations;

/// <summary>Finds the invocation of a log line.</summary>
internal interface IInvocationLookup
{
    /// <summary>
    /// The invocation that runs, from platform.start to its end. Null before the first, and when several overlap (Managed Instances). A line that
    /// arrives after the end but was written before it belongs to the invocation that ended.
    /// </summary>
    /// <param name="time">The line's time by the platform's clock (Unix epoch, ns).</param>
    InvocationContext? OpenAt(long time);

    /// <summary>Finds a recent invocation by the request id in the line. Null when it is unknown.</summary>
    InvocationContext? Find(ReadOnlySpan<byte> requestIdUtf8);
}
