namespace TelemetryExtension.Processing.Metrics;

/// <summary>
/// Measures CPU and network of each invocation, from one reading at its start and one after its end. At intervals, because it costs more, it also
/// measures the whole environment: /tmp, file descriptors, threads. Not thread-safe.
/// </summary>
internal sealed class EnvironmentMetrics(MetricAggregator metrics, EnvironmentReader reader)
{
    private static readonly long Seldom = (long)TimeSpan.FromMinutes(1).TotalNanoseconds;

    private EnvironmentSample? _start;
    private long _lastFull;

    /// <summary>
    /// An invocation begins. A previous one without an end (nobody waited for it) ends here, because the environment was frozen in between.
    /// </summary>
    public void InvocationStarted(long now) => _start = End(now) ?? reader.ReadStart();

    /// <summary>
    /// For several concurrent invocations without INVOKE (Managed Instances): measures from one call to the next, and only when something ran in
    /// between.
    /// </summary>
    public void WindowEnded(long now, bool used) => _start = (used ? End(now) : null) ?? reader.ReadStart();

    public void InvocationEnded(long now) => End(now);

    /// <summary>Returns the sample at the end, which is also the start of an invocation that begins now. Null when none had begun.</summary>
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
