namespace TelemetryExtension.Flushing;

/// <summary>
/// Time as data ages: passes while the environment is frozen, and never goes back. The wall clock counts the freeze but may
/// jump; the monotonic clock never jumps but may stand still in a freeze; so the larger step of the two counts. A wall clock
/// set forward looks like a long freeze, which only makes the next flush come sooner.
/// Not thread-safe.
/// </summary>
internal sealed class FreezeClock(TimeProvider time)
{
    private static readonly TimeSpan LongestStep = TimeSpan.FromDays(1);

    private DateTimeOffset _wall = time.GetUtcNow();
    private long _timestamp = time.GetTimestamp();
    private TimeSpan _now;

    /// <summary>Since the clock was made.</summary>
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
