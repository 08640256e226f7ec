namespace Simulation.Time;

/// <summary>The clock of one environment: while Lambda freezes it, its timers and its monotonic clock stand still.</summary>
internal sealed class EnvironmentClock(SimulatedClock clock) : TimeProvider
{
    private readonly List<Timer> _timers = [];
    private TimeSpan _ran;
    private TimeSpan? _thawed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public bool IsFrozen => _thawed is null;

    public override DateTimeOffset GetUtcNow() => clock.UtcNow;

    public override long GetTimestamp() => (_ran + (clock.Now - _thawed ?? TimeSpan.Zero)).Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    public void Freeze()
    {
        _ran = new(GetTimestamp());
        _thawed = null;
    }

    public void Thaw()
    {
        _thawed = clock.Now;
        foreach (var timer in _timers)
            timer.Schedule();
    }

    private sealed class Timer(EnvironmentClock owner, TimerCallback callback, object? state) : ITimer
    {
        private long _due;
        private TimeSpan _period;
        private bool _isSet;
        private int _version;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Dispose();
            if (dueTime == Timeout.InfiniteTimeSpan)
                return true;
            (_due, _period, _isSet) = (owner.GetTimestamp() + dueTime.Ticks, period, true);
            owner._timers.Add(this);
            Schedule();
            return true;
        }

        public void Schedule()
        {
            if (owner.IsFrozen)
                return;
            var version = ++_version;
            owner.Clock.In(new(_due - owner.GetTimestamp()), () => Fire(version));
        }

        public void Dispose()
        {
            if (_isSet)
                owner._timers.Remove(this);
            _isSet = false;
            _version++;
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }

        /// <summary>A timer that was set anew, disposed or frozen meanwhile does not fire.</summary>
        private void Fire(int version)
        {
            if (version != _version || owner.IsFrozen)
                return;
            if (_period > TimeSpan.Zero)
            {
                _due += _period.Ticks;
                Schedule();
            }
            else
            {
                Dispose();
            }

            callback(state);
        }
    }

    private SimulatedClock Clock => clock;
}
