using System.Diagnostics;
using System.Text;
using TelemetryExtension.SemanticConventions;

namespace TelemetryExtension.Invocations;

/// <summary>
/// Joins the platform's events, by request id, into spans and facts. A pure state machine: no clock, no I/O, one caller at a time.
/// Events may be missing, repeated, late or out of order; every invocation that was seen in any way gives exactly one SERVER span,
/// over resets too (<see cref="IsOfEarlierLife"/>).
/// </summary>
internal sealed class InvocationTracker(string functionName) : IInvocationLookup
{
    /// <summary>Ended invocations are remembered for their late report and log lines; the report is late by one invocation.</summary>
    private const int RememberedEnded = 64;

    /// <summary>Running ones are remembered for their end: far more than Managed Instances run at once.</summary>
    private const int RememberedRunning = 1024;

    private readonly Dictionary<string, Invocation> _byRequestId = [];
    private readonly Queue<Invocation> _order = [];
    private readonly InitTracker _init = new();
    private Invocation? _latest;
    private int _running;
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

    /// <summary>An invocation has started and its end is not known yet.</summary>
    public bool IsRunning => _running > 0;

    public InvocationContext? Open => _running <= 1 ? _latest?.Context : null;

    public InvocationContext? Find(ReadOnlySpan<byte> requestIdUtf8)
    {
        if (_latest is not null && requestIdUtf8.SequenceEqual(_latest.Context.RequestIdUtf8))
            return _latest.Context;
        Span<char> requestId = stackalloc char[64];
        if (requestIdUtf8.Length > requestId.Length || !Encoding.UTF8.TryGetChars(requestIdUtf8, requestId, out var length))
            return null;
        return _byRequestId.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(requestId[..length], out var invocation) ? invocation.Context : null;
    }

    /// <summary>The INVOKE event of the Extensions API: the only place that tells the header the function got.</summary>
    /// <param name="receivedAt">Unix epoch ns; stands in for the start if platform.start never comes.</param>
    public void OnInvoke(string requestId, string invokedArn, string? traceHeader, long receivedAt)
    {
        if (requestId.Length == 0)
            return;
        _announced = true;
        var invocation = Current(requestId);
        // An asynchronous event repeated by Lambda comes under the same request id.
        if (invocation is { Ended: not null, Invoked: not null })
            invocation = Renew(requestId);
        invocation.OnInvoke(invokedArn, traceHeader, receivedAt);
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

        return true;
    }

    /// <summary>The environment ends: what still runs is closed as failed, with the reason (timeout, failure) as far as it is known.</summary>
    public void OnShutdown(string reason, long now)
    {
        foreach (var invocation in _order)
            if (invocation.Ended is null)
                Finish(invocation, now, null, reason is "timeout" ? "timeout" : "failure", null, []);
        _init.Flush(Spans, Facts);
    }

    private void OnStart(PlatformEvent.Start start)
    {
        var invocation = Current(start.RequestId);
        if (invocation.Ended is not null && start.Time > invocation.Started && invocation.Reported)
            invocation = Renew(start.RequestId);
        else if (invocation.Started is not null)
            return;
        invocation.OnStart(start);
        if (!_seenStart)
            BeginFirst(invocation);
        if (invocation.Ended is null)
            _running++;
        _latest = invocation;
        invocation.InitAhead = _init.TakeAheadOfTime();
        _init.Attach(invocation, Spans, Facts);
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
        var invocation = Current(done.RequestId);
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

        var invocation = Current(report.RequestId);
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
    private bool IsOfEarlierLife(string requestId) => _announced && !_byRequestId.ContainsKey(requestId);

    private void Finish(
        Invocation invocation, long time, double? durationMs, string status, string? errorType, IReadOnlyList<PlatformSpan> parts, long? producedBytes = null)
    {
        if (invocation.Started is not null)
            _running--;
        else if (!_seenStart)
            BeginFirst(invocation);
        var span = invocation.Finish(functionName, time, durationMs, status, errorType);
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

    private void OnEnvironment(PlatformEvent platformEvent)
    {
        if (platformEvent is PlatformEvent.InitStart init && init.InstanceId is not null)
            Instance = (init.InstanceId, init.InstanceMaxMemory);
        if (platformEvent is PlatformEvent.RestoreStart restore)
        {
            Restores++;
            Instance = (restore.InstanceId ?? Instance.InstanceId, restore.InstanceMaxMemory ?? Instance.MaxMemory);
        }

        _init.Apply(platformEvent, _running > 0 ? _latest : null, Spans, Facts);
    }

    private static SpanData Part(Invocation invocation, PlatformSpan span) =>
        invocation.Child(span.Name, span.Start, span.Start + (long)(span.DurationMs * 1e6));

    private Invocation Current(string requestId) => _byRequestId.TryGetValue(requestId, out var known) ? known : Renew(requestId);

    private Invocation Renew(string requestId)
    {
        var invocation = new Invocation(requestId);
        _byRequestId[requestId] = invocation;
        _order.Enqueue(invocation);
        while (_order.Count > (_order.Peek().Ended is null ? RememberedRunning : RememberedEnded))
            Forget(_order.Dequeue());
        return invocation;
    }

    private void Forget(Invocation oldest)
    {
        if (oldest.Ended is null)
            Finish(oldest, oldest.Started ?? oldest.Invoked ?? 0, null, "failure", null, []);
        if (_byRequestId.TryGetValue(oldest.RequestId, out var current) && current == oldest)
            _byRequestId.Remove(oldest.RequestId);
    }
}
