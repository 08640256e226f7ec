using System.Buffers.Binary;
using System.Diagnostics;
using TelemetryExtension.Configuration;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.SemanticConventions;

namespace TelemetryExtension.Processing.Sampling;

internal enum SamplingDecision : byte
{
    Keep,
    Drop,

    /// <summary>The decision needs the outcome of a running invocation.</summary>
    Wait,
}

/// <summary>
/// Decides which traces are kept. The ratio depends on the trace id alone, so all parts of a trace get the same answer everywhere. A trace that the ratio
/// leaves out is kept all the same when an invocation in it failed, was a cold start or was slow, which is known only at the invocation's end. A trace
/// without a known invocation comes from an SDK that began its own trace. It is also kept when the invocation that ran at its arrival is notable. One
/// caller at a time.
/// </summary>
internal sealed class TraceSampler(SamplingOptions options, InvocationTracker tracker)
{
    /// <summary>Enough for all invocations whose data may still arrive late.</summary>
    private const int MaxRemembered = 256;

    private readonly ulong _threshold = (ulong)((1 - options.Ratio) * (1UL << 56));
    private readonly Dictionary<UInt128, Outcome> _ended = [];
    private readonly Queue<UInt128> _order = [];

    /// <summary>Whether sampling also applies to log records.</summary>
    public bool Logs => options.Logs;

    /// <summary>The trace of the running invocation, or of the last one. Null on Managed Instances, where several may run.</summary>
    public UInt128? Beside => tracker.IsManagedInstances || tracker.Latest is not { } latest ? null : latest.Trace;

    public static UInt128 Of(ActivityTraceId traceId)
    {
        Span<byte> bytes = stackalloc byte[16];
        traceId.CopyTo(bytes);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    /// <summary>Learns from the extension's own spans how invocations ended. The same span may come several times.</summary>
    public void Learn(IEnumerable<SpanData> spans)
    {
        foreach (var span in spans)
        {
            var notable = IsNotable(span);
            if (span.Kind is ActivityKind.Server || notable)
                Remember(Of(span.TraceId), new(Head(Of(span.TraceId), span.Sampled), notable));
        }
    }

    /// <param name="traceId">Zero for a record without a trace. Such a record is kept.</param>
    /// <param name="sampled">X-Ray's decision, if the record contains it.</param>
    /// <param name="beside">The trace of the invocation that ran when the record arrived.</param>
    public SamplingDecision Decide(UInt128 traceId, bool? sampled = null, UInt128? beside = null)
    {
        if (traceId == UInt128.Zero)
            return SamplingDecision.Keep;
        var known = _ended.TryGetValue(traceId, out var outcome);
        if (known && (outcome.Head || outcome.Notable))
            return SamplingDecision.Keep;
        if (tracker.FindRunning(traceId) is { } running)
            return Head(traceId, running.Sampled) ? SamplingDecision.Keep : SamplingDecision.Wait;
        if (Head(traceId, sampled))
            return SamplingDecision.Keep;
        if (known || beside is not { } other || other == traceId)
            return SamplingDecision.Drop;
        if (tracker.FindRunning(other) is not null)
            return SamplingDecision.Wait;
        return _ended.TryGetValue(other, out var theirs) && theirs.Notable ? SamplingDecision.Keep : SamplingDecision.Drop;
    }

    /// <summary>
    /// Whether the ratio keeps the trace. As in OpenTelemetry's consistent sampling, the rightmost 56 bits of the id decide, because they are random (W3C Trace
    /// Context level 2). X-Ray's ids begin with a time, and ids made from a UUID have fixed bits further left.
    /// </summary>
    private bool Head(UInt128 traceId, bool? sampled)
    {
        if (options.ParentBased && sampled is { } decided)
            return decided;
        return ((ulong)traceId & ((1UL << 56) - 1)) >= _threshold;
    }

    private bool IsNotable(SpanData span)
    {
        if (options.KeepErrors && span.Error is not null)
            return true;
        if (span.Kind is not ActivityKind.Server)
            return false;
        if (options.KeepSlow is { } slow && span.End - span.Start >= slow.TotalNanoseconds)
            return true;
        foreach (var (key, value) in span.Attributes)
        {
            // An invocation with an unknown end may have failed, so it is kept.
            if (value is true && (key == Conventions.EndUnknown || (options.KeepColdStarts && key == Conventions.FaasColdStart)))
                return true;
        }

        return false;
    }

    /// <summary>A trace may have several invocations, such as the retries of a failed one. It is kept when one of them is.</summary>
    private void Remember(UInt128 traceId, Outcome outcome)
    {
        if (_ended.TryGetValue(traceId, out var before))
        {
            _ended[traceId] = new(before.Head || outcome.Head, before.Notable || outcome.Notable);
            return;
        }

        _ended.Add(traceId, outcome);
        _order.Enqueue(traceId);
        if (_order.Count > MaxRemembered)
            _ended.Remove(_order.Dequeue());
    }

    /// <param name="Head">Whether the ratio or X-Ray keeps it.</param>
    /// <param name="Notable">Whether its outcome keeps it.</param>
    private readonly record struct Outcome(bool Head, bool Notable);
}
