using System.Text;
using TelemetryExtension.Processing.SemanticConventions;

namespace TelemetryExtension.Processing.Invocations;

/// <summary>
/// Joins platform events by request id into spans and facts. A pure state machine: no clock, no I/O, one caller at a time. Events may be missing,
/// repeated, late or out of order. Every invocation that left any event gives exactly one SERVER span, even across resets (<see
/// cref="IsOfEarlierLife"/>).
/// </summary>
/// <param name="rules">Null: those without any setting.</param>
internal sealed class InvocationTracker(string functionName, TraceRules? rules = null) : IInvocationLookup
{
    private readonly InvocationRuns _runs = new(rules ?? TraceRules.Default);
    private readonly EarlyFunctionSpans _early = new();
    private readonly DurableExecutions _executions = new();
    private readonly InitTracker _init = new();
    private bool _seenStart;
    private bool _announced;

    /// <summary>Finished spans, oldest first. The caller that takes them clears the list.</summary>
    public List<SpanData> Spans { get; } = [];

    /// <summary>Facts for the metrics. The caller that takes them clears the list.</summary>
    public List<InvocationFact> Facts { get; } = [];

    /// <summary>What people must be told beside spans and metrics. The caller that takes them clears the list.</summary>
    public List<InvocationNote> Notes { get; } = [];

    /// <summary>Version and ARN of a managed runtime, from initStart or restoreStart. Null until then, and for other runtimes.</summary>
    public (string? Version, string? Arn) Runtime { get; private set; }

    /// <summary>faas.instance and the memory limit in bytes, from initStart or restoreStart. Null until then.</summary>
    public (string? InstanceId, long? MaxMemory) Instance { get; private set; }

    /// <summary>Incremented by restoreStart: this copy of a snapshot must stop using the identity of the original.</summary>
    public int Restores { get; private set; }

    /// <summary>Several invocations may run at the same time, and no INVOKE announces them.</summary>
    public bool IsManagedInstances { get; private set; }

    /// <summary>An invocation was announced or has started, and its end is unknown.</summary>
    public bool IsRunning => _runs.Running.Count > 0;

    /// <summary>An invocation in this trace that was announced or has started, and whose end is unknown. Null when there is none.</summary>
    public InvocationContext? FindRunning(UInt128 trace)
    {
        // By index: it is asked for each record, and an enumerator would be allocated.
        for (var i = 0; i < _runs.Running.Count; i++)
            if (_runs.Running[i].Context.Trace == trace)
                return _runs.Running[i].Context;
        return null;
    }

    /// <summary>Of those that run the one that was announced or has started last, or else the one that ended last.</summary>
    public InvocationContext? Latest => (_runs.Running is [.., var last] ? last : _runs.LastEnded)?.Context;

    public InvocationContext? OpenAt(long time)
    {
        if (!_announced)
            return _runs.CertainAt(time)?.Context;
        // Where INVOKE announces invocations they run one at a time. So only the newest can run, whatever is missing about earlier ones.
        if (_runs.Newest is { } newest)
            return newest.Context;
        return _runs.LastEnded is { } last && time <= last.Ended ? last.Context : null;
    }

    public InvocationContext? Find(ReadOnlySpan<byte> requestIdUtf8)
    {
        Span<char> requestId = stackalloc char[64];
        return requestIdUtf8.Length <= requestId.Length && Encoding.UTF8.TryGetChars(requestIdUtf8, requestId, out var length)
            ? _runs.Find(requestId[..length])?.Context
            : null;
    }

    public void OnFailure(InvocationContext invocation, ReadOnlySpan<byte> message) =>
        _runs.Find(invocation.RequestId)?.OnFailure(message);

    public void OnDurableExecution(InvocationContext invocation, string arn) => _runs.Find(invocation.RequestId)?.OnDurableExecution(arn);

    /// <summary>The ARN of the first invocation, possibly with a qualifier. Null before it.</summary>
    public string? FunctionArn { get; private set; }

    /// <summary>Handles the INVOKE event of the Extensions API, the only source of the header that the function received.</summary>
    /// <param name="receivedAt">Unix epoch ns. It serves as the start if platform.start never arrives.</param>
    public void OnInvoke(string requestId, string invokedArn, string? traceHeader, long receivedAt)
    {
        if (requestId.Length == 0)
            return;
        _announced = true;
        if (FunctionArn is null && invokedArn.Length > 0)
            FunctionArn = invokedArn;
        _runs.OfInvoke(requestId).OnInvoke(invokedArn, traceHeader, receivedAt);
        ForgetOldest();
    }

    /// <summary>
    /// Handles the span with which the function's own SDK describes an invocation. The invocation joins that span's trace, unless its own span has
    /// left already (docs/decisions/0010).
    /// </summary>
    public void OnFunctionSpan(FunctionSpan span)
    {
        if (_runs.Find(span.RequestId) is { } invocation)
            invocation.OnFunctionSpan(span);
        else if (!_announced)
            _early.Keep(span);
    }

    /// <summary>Applies one platform event. False when its type is unknown.</summary>
    public bool Apply(PlatformEvent platformEvent)
    {
        switch (platformEvent)
        {
            case PlatformEvent.Start start:
                OnStart(start);
                break;
            case PlatformEvent.RuntimeDone done:
                OnRuntimeDone(done);
                break;
            case PlatformEvent.Report report:
                OnReport(report);
                break;
            case PlatformEvent.LogsDropped dropped:
                Facts.Add(new InvocationFact.PlatformDropped(dropped.Time, dropped.Records, dropped.Bytes));
                break;
            case PlatformEvent.Unknown:
                return false;
            case PlatformEvent.Informational:
                break;
            default:
                OnEnvironment(platformEvent);
                break;
        }

        ForgetOldest();
        return true;
    }

    /// <summary>
    /// The environment ends. What still runs is closed as failed, with the reason (timeout, failure) when it is known. An environment that ended
    /// because it was idle (spindown), or has run others since, cannot still run it. The end of such an invocation is unknown.
    /// </summary>
    public void OnShutdown(string reason, long now)
    {
        foreach (var invocation in _runs.Unended())
        {
            // A later invocation in this loop has closed it.
            if (invocation.Ended is not null)
                continue;
            if (invocation.Superseded || reason is "spindown")
                CloseUnknown(invocation);
            else
                Finish(invocation, now, null, reason is "timeout" ? "timeout" : "failure", null, []);
        }

        _init.Flush(Spans, Facts);
    }

    private void OnStart(PlatformEvent.Start start)
    {
        FunctionArn ??= start.FunctionArn;
        if (_runs.OfStart(start.RequestId, start.Time) is not { } invocation)
            return;
        invocation.OnStart(start);
        if (_early.Take(start.RequestId) is { } span)
            invocation.OnFunctionSpan(span);
        if (!_seenStart)
            BeginFirst(invocation);
        if (_announced && invocation.Ended is null)
            Supersede(invocation);
        invocation.InitAhead = _init.TakeAheadOfTime();
        // While it runs, it may still learn which trace it belongs to. Its init waits for that.
        if (invocation.Ended is not null)
            _init.Attach(invocation, Spans, Facts);
    }

    /// <summary>
    /// Closes the earlier invocations: one runs at a time, so they have ended. Events of different types may overtake each other, so a late end may
    /// still arrive until this invocation ends or another begins.
    /// </summary>
    private void Supersede(Invocation by)
    {
        foreach (var invocation in _runs.Before(by))
        {
            if (invocation.Superseded)
                CloseUnknown(invocation);
            invocation.Superseded = true;
        }
    }

    /// <summary>The first invocation of the environment, even if its platform.start was lost.</summary>
    private void BeginFirst(Invocation invocation)
    {
        _seenStart = true;
        invocation.ColdStart = !_init.AheadOfTime;
    }

    private void OnRuntimeDone(PlatformEvent.RuntimeDone done)
    {
        if (IsOfEarlierLife(done.RequestId))
            return;
        var invocation = _runs.OfEnd(done.RequestId, done.Time);
        if (invocation.Ended is not null)
            return;
        invocation.Learn(done.Tracing, done.TenantId);
        Finish(invocation, done.Time, done.DurationMs, done.Status ?? "success", done.ErrorType, done.Spans, done.ProducedBytes);
    }

    private void OnReport(PlatformEvent.Report report)
    {
        PlatformSpan? overhead = null;
        foreach (var span in report.Spans)
            if (span.Name == SpanNames.ExtensionOverhead)
                overhead = span;
        if (IsOfEarlierLife(report.RequestId))
        {
            Facts.Add(new InvocationFact.Reported(report.Time, report.Metrics, overhead?.DurationMs));
            return;
        }

        var invocation = _runs.OfEnd(report.RequestId, report.Time);
        if (invocation.Reported)
            return;
        invocation.Reported = true;
        if (invocation.Ended is null)
        {
            invocation.Learn(report.Tracing, report.TenantId);
            Finish(invocation, report.Time, report.Metrics.DurationMs, report.Status ?? "success", report.ErrorType, report.Spans, metrics: report.Metrics);
        }
        else if (FailureCause.InReport(invocation.ErrorType, report.Status, report.ErrorType, report.Metrics) is var (type, text))
        {
            Notes.Add(new(report.Time, invocation.Context, text, type));
        }

        if (overhead is { } part)
            Spans.Add(Part(invocation, part));
        Facts.Add(new InvocationFact.Reported(report.Time, report.Metrics, overhead?.DurationMs) { Trigger = invocation.Trigger, Tenant = invocation.TenantId });
    }

    /// <summary>
    /// Where INVOKE announces requests, a request that was neither announced nor started here was cut off by a reset. The previous process closed its
    /// span. Its late events arrive at this process, which took over the port.
    /// </summary>
    private bool IsOfEarlierLife(string requestId) => _announced && !_runs.Knows(requestId);

    private void Finish(
        Invocation invocation, long time, double? durationMs, string status, string? errorType, IReadOnlyList<PlatformSpan> parts, long? producedBytes = null,
        PlatformReportMetrics metrics = default)
    {
        if (!_seenStart)
            BeginFirst(invocation);
        if (_announced)
            foreach (var earlier in _runs.Before(invocation))
                CloseUnknown(earlier);
        invocation.Replayed = _executions.FirstOf(invocation);
        var span = invocation.Finish(functionName, time, durationMs, status, errorType, metrics);
        _runs.Ended(invocation);
        Spans.Add(span);
        if (invocation.Note() is { } note)
            Notes.Add(note);
        foreach (var part in parts)
            if (part.Name != SpanNames.ExtensionOverhead)
                Spans.Add(Part(invocation, part));
        _init.Attach(invocation, Spans, Facts);
        Facts.Add(new InvocationFact.Finished(
            span.End, status.ToLowerInvariant(), invocation.ColdStart, durationMs ?? (span.End - span.Start) / 1e6, Duration(SpanNames.ResponseLatency),
            Duration(SpanNames.ResponseDuration), Duration(SpanNames.RuntimeOverhead), producedBytes, span.Error)
        {
            Trigger = invocation.Trigger,
            Tenant = invocation.TenantId,
        });

        double? Duration(string name)
        {
            foreach (var part in parts)
                if (part.Name == name)
                    return part.DurationMs;
            return null;
        }
    }

    private void CloseUnknown(Invocation invocation)
    {
        if (!_seenStart)
            BeginFirst(invocation);
        var span = invocation.CloseUnknown(functionName);
        _runs.Ended(invocation);
        Spans.Add(span);
        _init.Attach(invocation, Spans, Facts);
        Facts.Add(new InvocationFact.Finished(span.End, null, invocation.ColdStart, null, null, null, null, null, null) { Trigger = invocation.Trigger, Tenant = invocation.TenantId });
    }

    private void OnEnvironment(PlatformEvent platformEvent)
    {
        if (platformEvent is PlatformEvent.InitStart init)
        {
            Runtime = (init.RuntimeVersion ?? Runtime.Version, init.RuntimeVersionArn ?? Runtime.Arn);
            IsManagedInstances = init.InitializationType is "lambda-managed-instances";
            if (init.InstanceId is not null)
                Instance = (init.InstanceId, init.InstanceMaxMemory);
        }

        if (platformEvent is PlatformEvent.RestoreStart restore)
        {
            Restores++;
            Runtime = (restore.RuntimeVersion ?? Runtime.Version, restore.RuntimeVersionArn ?? Runtime.Arn);
            Instance = (restore.InstanceId ?? Instance.InstanceId, restore.InstanceMaxMemory ?? Instance.MaxMemory);
        }

        _init.Apply(platformEvent, _runs.Newest, Spans, Facts);
    }

    private static SpanData Part(Invocation invocation, PlatformSpan span) =>
        invocation.Child(span.Name, span.Start, span.Start + (long)(span.DurationMs * 1e6));

    private void ForgetOldest()
    {
        while (_runs.Forget() is { } oldest)
            if (oldest.Ended is null)
                CloseUnknown(oldest);
    }
}
