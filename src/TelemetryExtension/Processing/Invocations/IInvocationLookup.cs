namespace TelemetryExtension.Processing.Invocations;

/// <summary>Finds the invocation a log line belongs to.</summary>
internal interface IInvocationLookup
{
    /// <summary>
    /// The one that runs, from platform.start to its end; null before the first, and when several overlap (Managed Instances). A line that comes
    /// after the end but is of a time before it belongs to the one that ended.
    /// </summary>
    /// <param name="time">Of the line, by the platform's clock: Unix epoch, ns.</param>
    InvocationContext? OpenAt(long time);

    /// <summary>By the request id printed in the line; recent invocations are remembered, null if unknown.</summary>
    InvocationContext? Find(ReadOnlySpan<byte> requestIdUtf8);
}
