using System.Text;
using TelemetryExtension.Processing.SemanticConventions;

namespace TelemetryExtension.Processing.Invocations;

/// <summary>
/// Joins the platform's events, by request id, into spans and facts. A pure state machine: no clock, no I/O, one caller at a time.
/// Events may be missing, repeated, late or out of order; every invocation that was seen in any way gives exactly one SERVER span,
/// over resets too (<see cref="IsOfEarlierLife"/>).
/// </summary>
/// <param name="followSampling">Whether the spans of requests that X-Ray does not sample will be dropped.</param>
internal sealed class InvocationTracker(string functionName, bool followSampling = false) : IInvocationLookup
{
    private readonly InvocationRuns _runs = new(followSampling);
    private readonly InitTracker _init = new();
    private bool _seenStart;
    private bool _announced;

    /// <summary>Finished spans, oldest first; whoever takes them clears the list.</summary>
    public List<SpanData> Spans { get; } = [];

    /// <summary>What happened, for the metrics; whoever takes them clears the list.</summary>
    public List<InvocationFact> Facts { get; } = [];

    /// <summary>faas.instance and the memory limit in bytes, as initStart or restoreStart said; null until then.</summary>
    public (string? InstanceId, long? MaxMemory) Instance { get; private set; }

    /// <summary>Raised by restoreStart: this copy of a snapshot must stop using the identity it was born with.</summary>
    public int Restores { get; private set; }

    /// <summary>Several invocations may run at once, and no INVOKE announces them.</summary>
    public bool IsManagedInstances { get; private set; }

    /// <summary>An invocation was announced or has started, and its end is not known yet.</summary>
    public bool IsRunning => _runs.Running.Count > 0;

    public InvocationContext? OpenAt(long time)
    {
        // One at a time, where INVOKE announces them: then the newest is the only one, whatever is not known of those before.
        if (_runs.Newest is { } newest)
            return _announced || _runs.Running.Count == 1 ? newest.Context : null;
        return _announced && _runs.LastEnded is { } last && time <= last.Ended ? last.Context : null;
    }

    public InvocationContext? Find(ReadOnlySpan<byte> requestIdUtf8)
    {
        Span<char> requestId = stackalloc char[64];
        return requestIdUtf8.Length <= requestId.Length && Encoding.UTF8.TryGetChars(requestIdUtf8, requestId, out var length)
            ? _runs.Find(requestId[..length])?.Context
            : null;
    }

    /// <summary>The first ARN that the function was invoked by, maybe with a qualifier; null before.</summary>
    public string? FunctionArn { get; private set; }

    /// <summary>The INVOKE event of the Extensions API: the only place that tells the header the function got.</summary>
    /// <param name="receivedAt">Unix epoch ns; stands in for the start if platform.start never comes.</param>
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

    /// <summary>Takes in one platform event; false when nothing is made of it because its type is unknown.</summary>
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
    /// The environment ends. What still runs is closed as failed, with the reason (timeout, failure) as far as it is known. An environment that is
    /// ended because nothing needs it (spindown), or has run others since, cannot run it any more: there, nobody told its end.
    /// </summary>
    public void OnShutdown(string reason, long now)
    {
        foreach (var invocation in _runs.Unended())
        {
            // Closed by one of the others meanwhile, which began later.
            if (invocation.Ended is not null)
                continue;
            if (invocation.Superseded || reason is "spindown")
                FinishUntold(invocation);
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
        if (!_seenStart)
            BeginFirst(invocation);
        if (_announced && invocation.Ended is null)
            Supersede(invocation);
        invocation.InitAhead = _init.TakeAheadOfTime();
        _init.Attach(invocation, Spans, Facts);
    }

    /// <summary>
    /// Those before it have ended, since one runs at a time. An end that is only late, because types of events may overtake each other, is waited for
    /// until this one ends too, or another begins.
    /// </summary>
    private void Supersede(Invocation by)
    {
        foreach (var invocation in _runs.Before(by))
        {
            if (invocation.Superseded)
                FinishUntold(invocation);
            invocation.Superseded = true;
        }
    }

    /// <summary>The first of the environment, also when its platform.start was lost.</summary>
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
            Finish(invocation, report.Time, report.Metrics.DurationMs, report.Status ?? "success", report.ErrorType, report.Spans);
        }

        if (overhead is { } part)
            Spans.Add(Part(invocation, part));
        Facts.Add(new InvocationFact.Reported(report.Time, report.Metrics, overhead?.DurationMs));
    }

    /// <summary>
    /// Where requests are announced by INVOKE, one that was neither announced nor started here was cut off by a reset: the process before this
    /// one has closed its span. What comes of it still is delivered to us, who took over the port.
    /// </summary>
    private bool IsOfEarlierLife(string requestId) => _announced && !_runs.Knows(requestId);

    private void Finish(
        Invocation invocation, long time, double? durationMs, string status, string? errorType, IReadOnlyList<PlatformSpan> parts, long? producedBytes = null)
    {
        if (!_seenStart)
            BeginFirst(invocation);
        if (_announced)
            foreach (var untold in _runs.Before(invocation))
                FinishUntold(untold);
        var span = invocation.Finish(functionName, time, durationMs, status, errorType);
        _runs.Ended(invocation);
        Spans.Add(span);
        foreach (var part in parts)
            if (part.Name != SpanNames.ExtensionOverhead)
                Spans.Add(Part(invocation, part));
        _init.Attach(invocation, Spans, Facts);
        Facts.Add(new InvocationFact.Finished(
            span.End, status.ToLowerInvariant(), invocation.ColdStart, durationMs ?? (span.End - span.Start) / 1e6, Duration(SpanNames.ResponseLatency),
            Duration(SpanNames.ResponseDuration), Duration(SpanNames.RuntimeOverhead), producedBytes, span.Error));

        double? Duration(string name)
        {
            foreach (var part in parts)
                if (part.Name == name)
                    return part.DurationMs;
            return null;
        }
    }

    private void FinishUntold(Invocation invocation)
    {
        if (!_seenStart)
            BeginFirst(invocation);
        var span = invocation.FinishUntold(functionName);
        _runs.Ended(invocation);
        Spans.Add(span);
        _init.Attach(invocation, Spans, Facts);
        Facts.Add(new InvocationFact.Finished(span.End, null, invocation.ColdStart, null, null, null, null, null, null));
    }

    private void OnEnvironment(PlatformEvent platformEvent)
    {
        if (platformEvent is PlatformEvent.InitStart init)
        {
            IsManagedInstances = init.InitializationType is "lambda-managed-instances";
            if (init.InstanceId is not null)
                Instance = (init.InstanceId, init.InstanceMaxMemory);
        }

        if (platformEvent is PlatformEvent.RestoreStart restore)
        {
            Restores++;
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
                FinishUntold(oldest);
    }
}
