namespace TelemetryExtension.Flushing;

/// <summary>
/// How long a flush may hold up an invocation whose runtime is done. The setting is the ceiling. Below it, the time that flushes
/// are measured to take (mean and deviation, as TCP does for its timeout: RFC 6298) decides, so that a backend that usually
/// answers in 20 ms and hangs now costs about 100 ms and not the whole ceiling.
/// Not thread-safe: the loop owns it.
/// </summary>
internal sealed class FlushBudget(TimeSpan ceiling)
{
    /// <summary>Below this no timeout is worth having: a garbage collection or a busy neighbour takes as long.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(50);

    private double _mean;
    private double _deviation;
    private bool _measured;
    private int _backOff = 1;
    private TimeSpan _held;
    private double _hidden;

    /// <summary>For a flush that begins now, after runtimeDone.</summary>
    public TimeSpan AfterRuntimeDone(Deadline deadline) => Min(deadline.Remaining, Allowed);

    /// <summary>For a flush at the start when no runtimeDone will tell that the handler is done.</summary>
    public TimeSpan WithoutRuntimeDone(Deadline deadline) => Min(deadline.Remaining, ceiling);

    /// <summary>What the platform's extensionOverhead showed to be lost before we even hear of runtimeDone (it buffers events for 25 ms and more).</summary>
    public TimeSpan Hidden => TimeSpan.FromTicks((long)_hidden);

    private TimeSpan Allowed
    {
        get
        {
            // The user's bill has the hidden part in it: it comes out of the budget, but leaves a quarter to work with.
            var most = Max(ceiling - Hidden, ceiling / 4);
            if (!_measured)
                return most;
            var usual = TimeSpan.FromTicks((long)(_mean + (4 * _deviation)) * _backOff);
            return Min(most, Max(usual, Least));
        }
    }

    /// <summary>A flush was complete after this long.</summary>
    public void Finished(TimeSpan took)
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

        _backOff = 1;
    }

    /// <summary>A flush was cut off by the budget: perhaps the backend has become slower, so the next one is given twice the time.</summary>
    public void CutOff() => _backOff = Math.Min(_backOff * 2, 64);

    /// <summary>From runtimeDone's arrival to Next, in the invocation that is over now.</summary>
    public void Held(TimeSpan took) => _held = took;

    /// <summary>The span extensionOverhead in the platform.report of that same invocation.</summary>
    public void OverheadReported(TimeSpan overhead)
    {
        var hidden = Math.Max(0, (overhead - _held).Ticks);
        _hidden += (hidden - _hidden) / 8;
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
