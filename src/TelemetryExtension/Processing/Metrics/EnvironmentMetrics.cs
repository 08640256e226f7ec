namespace TelemetryExtension.Processing.Metrics;

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
    public void InvocationStarted(long now) => _start = End(now) ?? reader.ReadStart();

    /// <summary>
    /// Where several invocations run at once and none is announced (Managed Instances): from one call to the next, and only when something ran meanwhile.
    /// </summary>
    public void WindowEnded(long now, bool used) => _start = (used ? End(now) : null) ?? reader.ReadStart();

    public void InvocationEnded(long now) => End(now);

    /// <summary>What was read for it is the start of the next, if that begins now; null when nothing had begun.</summary>
    private EnvironmentSample? End(long now)
    {
        if (_start is not { } start)
            return null;
        _start = null;
        var full = now - _lastFull >= Seldom;
        if (full)
            _lastFull = now;
        var end = full ? reader.Read() : reader.ReadStart();
        end.Record(metrics, start, now);
        return end;
    }
}
