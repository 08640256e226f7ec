namespace TelemetryExtension.Metrics;

/// <summary>
/// CPU and network of each invocation, from one reading at its start and one after its end; and, seldom because it costs more, what the whole
/// environment holds: /tmp, file descriptors, threads. Not thread-safe.
/// </summary>
internal sealed class EnvironmentMetrics(MetricAggregator metrics, EnvironmentReader reader)
{
    private static readonly long Seldom = (long)TimeSpan.FromMinutes(1).TotalNanoseconds;

    private EnvironmentSample? _start;
    private long _lastFull;

    /// <summary>An invocation begins; one that was not ended yet (nobody waited for its end) ends here: in between, everything was frozen.</summary>
    public void InvocationStarted(long now)
    {
        InvocationEnded(now);
        _start = reader.ReadStart();
    }

    /// <summary>
    /// Where several invocations run at once and none is announced (Managed Instances): from one call to the next, and only when something ran meanwhile.
    /// </summary>
    public void WindowEnded(long now, bool used)
    {
        if (used)
            InvocationEnded(now);
        _start = reader.ReadStart();
    }

    public void InvocationEnded(long now)
    {
        if (_start is not { } start)
            return;
        _start = null;
        var full = now - _lastFull >= Seldom;
        if (full)
            _lastFull = now;
        (full ? reader.Read() : reader.ReadStart()).Record(metrics, start, now);
    }
}
