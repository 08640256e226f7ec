namespace TelemetryExtension.Invocations;

/// <summary>Finds the invocation a log line belongs to.</summary>
internal interface IInvocationLookup
{
    /// <summary>The one between platform.start and its end; null before the first and when several overlap (Managed Instances).</summary>
    InvocationContext? Open { get; }

    /// <summary>By the request id printed in the line; recent invocations are remembered, null if unknown.</summary>
    InvocationContext? Find(ReadOnlySpan<byte> requestIdUtf8);
}
