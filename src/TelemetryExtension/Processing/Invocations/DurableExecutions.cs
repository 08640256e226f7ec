using System.Diagnostics;

namespace TelemetryExtension.Processing.Invocations;

/// <summary>
/// The durable executions that this environment has seen. Each invocation of an execution after the first one replays the steps before it. What ran in
/// another environment is not known here.
/// </summary>
internal sealed class DurableExecutions
{
    private const int Remembered = 256;
    private const int MaxArnLength = 1024;

    private readonly Dictionary<string, (string RequestId, ActivityContext Context)> _first = [];
    private readonly Queue<string> _order = [];

    /// <summary>The part of an execution's ARN that no other ARN has.</summary>
    public static ReadOnlySpan<byte> Marker => "/durable-execution/"u8;

    public static bool IsArn(string text) =>
        text.Length <= MaxArnLength && text.StartsWith("arn:", StringComparison.Ordinal) && text.Contains("/durable-execution/", StringComparison.Ordinal);

    /// <summary>The first known invocation of its execution. Null when this is the first, or it belongs to none.</summary>
    public ActivityContext? FirstOf(Invocation invocation)
    {
        if (invocation.DurableExecution is not { } arn)
            return null;
        if (_first.TryGetValue(arn, out var first))
            return first.RequestId == invocation.RequestId ? null : first.Context;
        if (_order.Count >= Remembered)
            _first.Remove(_order.Dequeue());
        var context = invocation.Context;
        _first.Add(arn, (invocation.RequestId, new(context.TraceId, context.SpanId, ActivityTraceFlags.Recorded)));
        _order.Enqueue(arn);
        return null;
    }
}
