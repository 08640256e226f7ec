namespace TelemetryExtension.Processing.Invocations;

/// <summary>
/// Remembers running invocations until their end, and ended ones for their late report and log lines. Lambda repeats a failed asynchronous event
/// under the same request id, often in the same environment. So a request may have several runs, and the time of an event decides which run it
/// belongs to.
/// </summary>
internal sealed class InvocationRuns(TraceRules rules)
{
    /// <summary>Enough, because a report is late by one invocation.</summary>
    private const int RememberedEnded = 64;

    /// <summary>Far more than Managed Instances run at the same time.</summary>
    private const int RememberedRunning = 1024;

    /// <summary>Far longer than a line waits in a pipe.</summary>
    private const long LagNano = 5_000_000_000;

    private readonly Dictionary<string, Invocation> _latest = [];
    private readonly Queue<Invocation> _order = [];
    private readonly List<Invocation> _running = [];
    private readonly SpanIdsInUse _spanIds = new();
    private long _begun;

    /// <summary>Started and not ended.</summary>
    public IReadOnlyList<Invocation> Running => _running;

    /// <summary>The invocation with the latest platform.start that has not ended. Null when there is none.</summary>
    public Invocation? Newest
    {
        get
        {
            // Compare by time: the start of a run of the previous process can arrive after the INVOKE of ours.
            Invocation? newest = null;
            foreach (var invocation in _running)
                if (invocation.Started is not null && (newest is null || invocation.Started > newest.Started))
                    newest = invocation;
            return newest;
        }
    }

    /// <summary>
    /// The one invocation that can have written a line without a request id on Managed Instances. Their lines are read late, after the start of the
    /// next invocation. So it must be the only one that runs, and no other may have ended shortly before.
    /// </summary>
    /// <param name="time">The line's time.</param>
    public Invocation? CertainAt(long time) => _running is [var only] && only.Started is { } started && started <= time
        && (LastEnded?.Ended is not { } ended || ended + LagNano < started) ? only : null;

    /// <summary>The running invocations that began before this one.</summary>
    public List<Invocation> Before(Invocation invocation) => _running.FindAll(other => IsBefore(other, invocation));

    public Invocation? LastEnded { get; private set; }

    public bool Knows(string requestId) => _latest.ContainsKey(requestId);

    /// <summary>The latest started run of this request, or the announced one when none has started.</summary>
    public Invocation? Find(ReadOnlySpan<char> requestId)
    {
        if (!_latest.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(requestId, out var latest))
            return null;
        for (var run = latest; run is not null; run = run.Earlier)
            if (run.Started is not null)
                return run;
        return latest;
    }

    /// <summary>The run of an INVOKE event. Each run has one INVOKE, so a second INVOKE means another run.</summary>
    public Invocation OfInvoke(string requestId)
    {
        var run = _latest.TryGetValue(requestId, out var latest) && latest.Invoked is null ? latest : Begin(requestId);
        MarkRunning(run);
        return run;
    }

    /// <summary>The run of a platform.start. Null when that start is known already.</summary>
    public Invocation? OfStart(string requestId, long time)
    {
        Invocation? nearest = null;
        var latest = _latest.GetValueOrDefault(requestId);
        for (var run = latest; run is not null; run = run.Earlier)
        {
            if (run.Started == time)
                return null;
            if (run.Started is null && (nearest is null || run.Distance(time) < nearest.Distance(time)))
                nearest = run;
        }

        // A repeated event has the same time.
        if (nearest is null && latest is not null && (latest.Ended is null || time <= latest.Started))
            return null;
        nearest ??= Begin(requestId);
        MarkRunning(nearest);
        return nearest;
    }

    /// <summary>The run of a runtimeDone or report with this time: the latest that had begun by then.</summary>
    public Invocation OfEnd(string requestId, long time)
    {
        Invocation? oldest = null;
        for (var run = _latest.GetValueOrDefault(requestId); run is not null; run = run.Earlier)
        {
            if (run.Begun <= time)
                return run;
            oldest = run;
        }

        return oldest ?? Begin(requestId);
    }

    /// <summary>Records that the invocation has ended.</summary>
    public void Ended(Invocation invocation)
    {
        _running.Remove(invocation);
        LastEnded = invocation;
    }

    /// <summary>Forgets and returns the oldest when there are too many. Null when there is room.</summary>
    public Invocation? Forget()
    {
        if (_order.Count == 0 || _order.Count <= (_order.Peek().Ended is null ? RememberedRunning : RememberedEnded))
            return null;
        var oldest = _order.Dequeue();
        if (!_latest.TryGetValue(oldest.RequestId, out var run))
            return oldest;
        if (run == oldest)
            _latest.Remove(oldest.RequestId);
        for (; run is not null; run = run.Earlier)
            if (run.Earlier == oldest)
                run.Earlier = null;
        return oldest;
    }

    /// <summary>All invocations without an end.</summary>
    public List<Invocation> Unended() => [.. _order.Where(static invocation => invocation.Ended is null)];

    private void MarkRunning(Invocation run)
    {
        if (run.Ended is null && !_running.Contains(run))
            _running.Add(run);
    }

    private Invocation Begin(string requestId)
    {
        var run = new Invocation(requestId, _begun++, _spanIds, rules) { Earlier = _latest.GetValueOrDefault(requestId) };
        _latest[requestId] = run;
        _order.Enqueue(run);
        return run;
    }

    /// <summary>Platform and process have different clocks. Times of the same clock are compared where both are known.</summary>
    private static bool IsBefore(Invocation a, Invocation b) => (a, b) switch
    {
        ({ Invoked: { } first }, { Invoked: { } second }) => first < second,
        ({ Started: { } first }, { Started: { } second }) => first < second,
        _ => a.Begun < b.Begun,
    };
}
