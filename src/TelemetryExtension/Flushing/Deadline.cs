namespace TelemetryExtension.Flushing;

/// <summary>
/// The deadline of an INVOKE or SHUTDOWN, less a margin. It reads the wall clock once, when the event has arrived after the thaw. From then on the
/// monotonic clock counts, so setting the wall clock changes nothing.
/// </summary>
internal sealed class Deadline
{
    /// <summary>
    /// Lambda's longest function timeout. Also assumed when the clock is plainly wrong: a deadline that is too short would lose data.
    /// </summary>
    public static readonly TimeSpan LongestInvoke = TimeSpan.FromMinutes(15);

    /// <summary>The time that Lambda allows for a shutdown with external extensions.</summary>
    public static readonly TimeSpan LongestShutdown = TimeSpan.FromSeconds(2);

    /// <summary>What is left when the clock cannot tell: the event comes after the runtime's shutdown, which takes up to 30 % of the time.</summary>
    public static readonly TimeSpan ShutdownAtWorst = LongestShutdown * 0.7;

    /// <summary>Less than this cannot be left, even if a flush delayed the event. So the clock is wrong.</summary>
    private static readonly TimeSpan MinShutdown = TimeSpan.FromMilliseconds(500);

    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly TimeSpan _limit;

    private Deadline(TimeSpan limit, long start, TimeProvider time) => (_limit, _start, _time) = (limit, start, time);

    /// <summary>Never negative.</summary>
    public TimeSpan Remaining => Max(_limit - _time.GetElapsedTime(_start), TimeSpan.Zero);

    /// <param name="deadlineMs">The event's deadline (Unix epoch, ms).</param>
    public static Deadline OfInvoke(long deadlineMs, TimeSpan margin, TimeProvider time) =>
        In(Left(deadlineMs, time) is var left && left > TimeSpan.Zero && left <= LongestInvoke ? left : LongestInvoke, margin, time);

    /// <inheritdoc cref="OfInvoke"/>
    public static Deadline OfShutdown(long deadlineMs, TimeSpan margin, TimeProvider time) =>
        In(Left(deadlineMs, time) is var left && left > MinShutdown && left <= LongestShutdown ? left : ShutdownAtWorst, margin, time);

    private static Deadline In(TimeSpan left, TimeSpan margin, TimeProvider time) => new(left - margin, time.GetTimestamp(), time);

    private static TimeSpan Left(long deadlineMs, TimeProvider time)
    {
        // The event may contain any number.
        double left = (double)deadlineMs - time.GetUtcNow().ToUnixTimeMilliseconds();
        return TimeSpan.FromMilliseconds(Math.Clamp(left, -1e12, 1e12));
    }

    /// <summary>The same deadline with a smaller margin.</summary>
    public Deadline Later(TimeSpan by) => new(_limit + by, _start, _time);

    /// <summary>Cancelled at the deadline, or after <paramref name="atMost"/> if that is sooner.</summary>
    public CancellationTokenSource CreateCancellation(TimeSpan? atMost = null)
    {
        var remaining = Remaining;
        if (atMost < remaining)
            remaining = Max(atMost.Value, TimeSpan.Zero);
        return new(remaining, _time);
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
