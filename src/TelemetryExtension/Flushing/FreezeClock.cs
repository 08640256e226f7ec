namespace TelemetryExtension.Flushing;

/// <summary>
/// A clock for the age of data. It advances during a freeze and never goes back. The wall clock counts the freeze but may jump; the monotonic clock
/// never jumps but may stop in a freeze. So each step is the larger of the two. A wall clock that is set forward looks like a long freeze, which only
/// makes the next flush sooner. Not thread-safe.
/// </summary>
internal sealed class FreezeClock(TimeProvider time)
{
    private static readonly TimeSpan LongestStep = TimeSpan.FromDays(1);

    private DateTimeOffset _wall = time.GetUtcNow();
    private long _timestamp = time.GetTimestamp();
    private TimeSpan _now;

    /// <summary>Time since the clock was created.</summary>
    public TimeSpan Now()
    {
        var wall = time.GetUtcNow();
        var timestamp = time.GetTimestamp();
        var byWall = wall - _wall;
        var byTimestamp = time.GetElapsedTime(_timestamp, timestamp);
        var step = byWall > byTimestamp ? byWall : byTimestamp;
        _wall = wall;
        _timestamp = timestamp;
        if (step > TimeSpan.Zero)
            _now += step < LongestStep ? step : LongestStep;
        return _now;
    }
}
