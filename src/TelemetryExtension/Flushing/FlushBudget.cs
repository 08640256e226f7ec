namespace TelemetryExtension.Flushing;

/// <summary>
/// How long a flush may delay an invocation whose runtime is done. The setting is the ceiling. Below it the measured duration of flushes decides
/// (mean and deviation, as in TCP's timeout: RFC 6298). So a backend that usually answers in 20 ms and hangs now costs about 100 ms instead of the
/// whole ceiling. Not thread-safe: the loop owns it.
/// </summary>
internal sealed class FlushBudget(TimeSpan ceiling)
{
    /// <summary>A shorter timeout is useless: a garbage collection or a busy neighbour takes as long.</summary>
    private static readonly TimeSpan Minimum = TimeSpan.FromMilliseconds(50);

    private double _mean;
    private double _deviation;
    private bool _measured;
    private int _backOff = 1;
    private TimeSpan _holdTime;
    private double _unobserved;

    /// <summary>The budget of a flush that starts now, after runtimeDone.</summary>
    public TimeSpan AfterRuntimeDone(Deadline deadline) => Min(deadline.Remaining, Allowed);

    /// <summary>The budget of a flush at the start when no runtimeDone will report the end of the handler.</summary>
    public TimeSpan WithoutRuntimeDone(Deadline deadline) => Min(deadline.Remaining, ceiling);

    /// <summary>
    /// Time before runtimeDone arrives here, as the platform's extensionOverhead shows. The platform buffers events for 25 ms and more.
    /// </summary>
    public TimeSpan UnobservedOverhead => TimeSpan.FromTicks((long)_unobserved);

    private TimeSpan Allowed
    {
        get
        {
            // The customer pays for the unobserved part too, so it reduces the budget, but never below a quarter of the ceiling.
            var most = Max(ceiling - UnobservedOverhead, ceiling / 4);
            if (!_measured)
                return most;
            var usual = TimeSpan.FromTicks((long)(_mean + (4 * _deviation)) * _backOff);
            return Min(most, Max(usual, Minimum));
        }
    }

    /// <summary>Records how long a flush took that sent all it could.</summary>
    /// <param name="nothingWaits">
    /// False while payloads wait for another attempt. One of them may be so large that it was cut off, so it keeps the longer time that it got.
    /// </param>
    public void Finished(TimeSpan took, bool nothingWaits)
    {
        double ticks = took.Ticks;
        if (!_measured)
        {
            _mean = ticks;
            _deviation = ticks / 2;
            _measured = true;
        }
        else
        {
            _deviation += (Math.Abs(ticks - _mean) - _deviation) / 4;
            _mean += (ticks - _mean) / 8;
        }

        if (nothingWaits)
            _backOff = 1;
    }

    /// <summary>The budget cut a flush off. The backend may have become slower, so the next flush gets twice the time.</summary>
    public void CutOff() => _backOff = Math.Min(_backOff * 2, 64);

    /// <summary>Records the time from the arrival of runtimeDone to Next in the invocation that just ended.</summary>
    public void RecordHoldTime(TimeSpan holdTime) => _holdTime = holdTime;

    /// <summary>Records extensionOverhead from the platform.report of the same invocation.</summary>
    public void OverheadReported(TimeSpan overhead)
    {
        var unobserved = Math.Max(0, (overhead - _holdTime).Ticks);
        _unobserved += (unobserved - _unobserved) / 8;
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
