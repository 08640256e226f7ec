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

    /// <summary>The outcome of an invocation that still runs decides.</summary>
    Wait,
}

/// <summary>
/// Decides which traces are kept. The ratio is a function of the trace id alone, so all parts of a trace get the same answer wherever it is asked.
/// What the ratio leaves out is kept after all when an invocation in that trace failed, was a cold start or was slow, which is known at its end. Data
/// of a trace that nobody knows belongs to an SDK that began a trace of its own: it is also kept when the invocation beside it is. One caller at a
/// time.
/// </summary>
internal sealed class TraceSampler(SamplingOptions options, InvocationTracker tracker)
{
    /// <summary>More than the invocations whose late data may still come.</summary>
    private const int Remembered = 256;

    private readonly ulong _threshold = (ulong)((1 - options.Ratio) * (1UL << 56));
    private readonly Dictionary<UInt128, Outcome> _ended = [];
    private readonly Queue<UInt128> _order = [];

    /// <summary>Whether log records follow their trace too.</summary>
    public bool Logs => options.Logs;

    /// <summary>The trace of the invocation that runs, or of the last one. Null where several may run.</summary>
    public UInt128? Beside => tracker.IsManagedInstances || tracker.Latest is not { } latest ? null : latest.Trace;

    public static UInt128 Of(ActivityTraceId traceId)
    {
        Span<byte> bytes = stackalloc byte[16];
        traceId.CopyTo(bytes);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    /// <summary>Learns from our own spans how invocations ended. Spans may be shown several times.</summary>
    public void Learn(IEnumerable<SpanData> spans)
    {
        foreach (var span in spans)
        {
            var notable = IsNotable(span);
            if (span.Kind is ActivityKind.Server || notable)
                Remember(Of(span.TraceId), new(Head(Of(span.TraceId), span.Sampled), notable));
        }
    }

    /// <param name="traceId">Zero for a record without a trace, which is kept.</param>
    /// <param name="sampled">X-Ray's decision, where the record itself carries it.</param>
    /// <param name="beside">The trace of the invocation beside which the record came.</param>
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
    /// Whether the ratio keeps the trace: by the rightmost 56 bits of its id, the random ones (W3C Trace Context level 2), as the OpenTelemetry
    /// specification samples consistently. X-Ray's ids begin with a time, and the ids of a UUID have fixed bits further left.
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
            // Of an invocation whose end is unknown nobody knows whether it was one to keep.
            if (value is true && (key == Conventions.EndUnknown || (options.KeepColdStarts && key == Conventions.FaasColdStart)))
                return true;
        }

        return false;
    }

    /// <summary>A trace may have several invocations, such as the repetitions of a failed one. One of them that is kept keeps it.</summary>
    private void Remember(UInt128 traceId, Outcome outcome)
    {
        if (_ended.TryGetValue(traceId, out var before))
        {
            _ended[traceId] = new(before.Head || outcome.Head, before.Notable || outcome.Notable);
            return;
        }

        _ended.Add(traceId, outcome);
        _order.Enqueue(traceId);
        if (_order.Count > Remembered)
            _ended.Remove(_order.Dequeue());
    }

    /// <param name="Head">The ratio, or X-Ray, keeps it.</param>
    /// <param name="Notable">Its outcome keeps it.</param>
    private readonly record struct Outcome(bool Head, bool Notable);
}
