using System.Diagnostics;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Native;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.SemanticConventions;

namespace TelemetryExtension.Processing.Spans;

/// <summary>
/// A span for each flush, until the next flush that has other spans to send: alone they would cause a request, and its flush would cause the next span.
/// Each is a trace of its own with a link to the invocation, because a flush may outlive it, or send the data of several. One caller at a time.
/// </summary>
internal sealed class FlushSpans(Ledger ledger)
{
    /// <summary>Beyond it the oldest is dropped. Flushes are as many as invocations at most.</summary>
    private const int MaxWaiting = 64;

    private readonly Queue<SpanData> _waiting = new();

    public bool Any => _waiting.Count > 0;

    /// <param name="end">Unix epoch nanoseconds.</param>
    /// <param name="invocation">The latest one; null before the first.</param>
    public void Add(FlushFacts facts, long end, InvocationContext? invocation)
    {
        if (!facts.DidSomething)
            return;
        if (_waiting.Count == MaxWaiting)
        {
            _waiting.Dequeue();
            ledger.Received(LedgerAccount.Traces);
            ledger.Dropped(LedgerAccount.Traces, DropReason.BufferItems);
        }

        _waiting.Enqueue(ToSpan(facts, end, invocation));
    }

    public void MoveTo(List<SpanData> spans)
    {
        ledger.Received(LedgerAccount.Traces, _waiting.Count);
        spans.AddRange(_waiting);
        _waiting.Clear();
    }

    private static SpanData ToSpan(FlushFacts facts, long end, InvocationContext? invocation) => new(
        SpanNames.Flush, ActivityKind.Internal, SnapshotRestores.NewTraceId(), SnapshotRestores.NewSpanId(), null,
        end - (long)facts.Took.TotalNanoseconds, end, Error: null,
        [
            new(Conventions.FlushReason, facts.Why),
            new(Conventions.FlushStrategy, facts.Strategy),
            new(Conventions.FlushBudget, facts.Budget.TotalSeconds),
            new(Conventions.FlushOutcome, facts.Outcome),
            new(Conventions.FlushBytes, facts.Bytes),
            new(Conventions.FlushPayloadsLeft, facts.LeftPayloads),
            new(Conventions.FlushBatchIds, facts.Batches.ToArray()),
        ])
    {
        Links = invocation is null ? [] : [new(invocation.TraceId, invocation.SpanId, invocation.Recorded ? ActivityTraceFlags.Recorded : ActivityTraceFlags.None)],
    };
}
