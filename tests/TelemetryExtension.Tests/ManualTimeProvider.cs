namespace TelemetryExtension.Tests;

/// <summary>A clock that only the test moves. Timers fire inside <see cref="Advance"/>, on the test's own thread.</summary>
internal sealed class ManualTimeProvider(DateTimeOffset? start = null) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private readonly List<(long From, long To, TaskCompletionSource Set)> _awaited = [];
    private DateTimeOffset _now = start ?? new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
            return _now;
    }

    public override long GetTimestamp()
    {
        lock (_gate)
            return _ticks;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Advances the clock and fires every due timer in order.</summary>
    public void Advance(TimeSpan by)
    {
        var end = _ticks + by.Ticks;
        while (true)
        {
            ManualTimer? next;
            lock (_gate)
            {
                next = _timers.Where(timer => timer.Due <= end).MinBy(timer => timer.Due);
                var to = next?.Due ?? end;
                _now += TimeSpan.FromTicks(Math.Max(0, to - _ticks));
                _ticks = Math.Max(_ticks, to);
                next?.Rearm();
            }

            if (next is null)
                return;
            next.Fire();
        }
    }

    /// <summary>Completes when a timer is due in exactly this time from now, which shows that its owner waits.</summary>
    public Task TimerAsync(TimeSpan dueIn) => TimerAsync(dueIn, dueIn);

    /// <summary>Completes when a timer is due in this time from now, or sooner.</summary>
    public Task TimerWithinAsync(TimeSpan dueIn) => TimerAsync(TimeSpan.Zero, dueIn);

    private Task TimerAsync(TimeSpan atLeast, TimeSpan atMost)
    {
        lock (_gate)
        {
            var (from, to) = (_ticks + atLeast.Ticks, _ticks + atMost.Ticks);
            if (_timers.Exists(timer => timer.Due >= from && timer.Due <= to))
                return Task.CompletedTask;
            var set = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaited.Add((from, to, set));
            return set.Task;
        }
    }

    /// <summary>Lets the wall clock jump (freeze, SnapStart) while the monotonic clock stands still.</summary>
    public void JumpWallClock(TimeSpan by)
    {
        lock (_gate)
            _now += by;
    }

    private sealed class ManualTimer(ManualTimeProvider owner, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;

        public long Due { get; private set; } = long.MaxValue;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (owner._gate)
            {
                owner._timers.Remove(this);
                _period = period;
                if (dueTime == Timeout.InfiniteTimeSpan)
                    return true;
                Due = owner._ticks + dueTime.Ticks;
                owner._timers.Add(this);
                foreach (var (_, _, set) in owner._awaited.FindAll(awaited => Due >= awaited.From && Due <= awaited.To))
                    set.TrySetResult();
                return true;
            }
        }

        public void Rearm()
        {
            if (_period > TimeSpan.Zero)
                Due += _period.Ticks;
            else
                owner._timers.Remove(this);
        }

        public void Fire() => callback(state);

        public void Dispose()
        {
            lock (owner._gate)
                owner._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
