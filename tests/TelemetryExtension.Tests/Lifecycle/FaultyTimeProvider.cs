namespace TelemetryExtension.Tests.Lifecycle;

/// <summary>A clock that cannot create timers while it throws. It stands for any bug.</summary>
internal sealed class FaultyTimeProvider : TimeProvider
{
    private TimeProvider _time = System;

    public bool Throws { get; set; }

    public override long TimestampFrequency => _time.TimestampFrequency;

    public TimeProvider Around(TimeProvider time)
    {
        _time = time;
        return this;
    }

    public override DateTimeOffset GetUtcNow() => _time.GetUtcNow();

    public override long GetTimestamp() => _time.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        Throws ? throw new InvalidOperationException("a bug") : _time.CreateTimer(callback, state, dueTime, period);
}
