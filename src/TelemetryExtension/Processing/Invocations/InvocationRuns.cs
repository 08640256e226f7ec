namespace TelemetryExtension.Processing.Invocations;

/// <summary>
/// The invocations that are remembered: those that run, for their end, and ended ones for their late report and log lines. Lambda repeats a failed
/// asynchronous event under the same request id, often in the same environment: a request may have several runs, and an event belongs to the
/// one that its time is of.
/// </summary>
internal sealed class InvocationRuns(bool followSampling)
{
    /// <summary>The report is late by one invocation.</summary>
    private const int RememberedEnded = 64;

    /// <summary>Far more than Managed Instances run at once.</summary>
    private const int RememberedRunning = 1024;

    private readonly Dictionary<string, Invocation> _latest = [];
    private readonly Queue<Invocation> _order = [];
    private readonly List<Invocation> _running = [];
    private readonly SpanIdsInUse _spanIds = new();
    private long _begun;

    /// <summary>Begun and not ended.</summary>
    public IReadOnlyList<Invocation> Running => _running;

    /// <summary>The latest that platform.start told of and that has not ended; null when there is none.</summary>
    public Invocation? Newest
    {
        get
        {
            // By time: the start of one that a process before us ran can come after the INVOKE of ours.
            Invocation? newest = null;
            foreach (var invocation in _running)
                if (invocation.Started is not null && (newest is null || invocation.Started > newest.Started))
                    newest = invocation;
            return newest;
        }
    }

    /// <summary>Those that run and began before this one.</summary>
    public List<Invocation> Before(Invocation invocation) => _running.FindAll(other => IsBefore(other, invocation));

    public Invocation? LastEnded { get; private set; }

    public bool Knows(string requestId) => _latest.ContainsKey(requestId);

    /// <summary>Of the runs of this request the latest that has started; else the one that was announced.</summary>
    public Invocation? Find(ReadOnlySpan<char> requestId)
    {
        if (!_latest.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(requestId, out var latest))
            return null;
        for (var run = latest; run is not null; run = run.Earlier)
            if (run.Started is not null)
                return run;
        return latest;
    }

    /// <summary>The run that an INVOKE event begins. There is one INVOKE for each run, so a second one is another run.</summary>
    public Invocation OfInvoke(string requestId)
    {
        var run = _latest.TryGetValue(requestId, out var latest) && latest.Invoked is null ? latest : Begin(requestId);
        MarkRunning(run);
        return run;
    }

    /// <summary>The run that a platform.start is of; null when that is known already.</summary>
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

    /// <summary>The run that a runtimeDone or a report of this time is of: the latest that had begun by then.</summary>
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

    /// <summary>To be called when the invocation got its end.</summary>
    public void Ended(Invocation invocation)
    {
        _running.Remove(invocation);
        LastEnded = invocation;
    }

    /// <summary>The oldest of too many, taken out of memory; null when there is room.</summary>
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

    /// <summary>Every one that has no end yet.</summary>
    public List<Invocation> Unended() => [.. _order.Where(static invocation => invocation.Ended is null)];

    private void MarkRunning(Invocation run)
    {
        if (run.Ended is null && !_running.Contains(run))
            _running.Add(run);
    }

    private Invocation Begin(string requestId)
    {
        var run = new Invocation(requestId, _begun++, _spanIds, followSampling) { Earlier = _latest.GetValueOrDefault(requestId) };
        _latest[requestId] = run;
        _order.Enqueue(run);
        return run;
    }

    /// <summary>Platform and process have clocks of their own: like is compared with like where there is a choice.</summary>
    private static bool IsBefore(Invocation a, Invocation b) => (a, b) switch
    {
        ({ Invoked: { } first }, { Invoked: { } second }) => first < second,
        ({ Started: { } first }, { Started: { } second }) => first < second,
        _ => a.Begun < b.Begun,
    };
}
