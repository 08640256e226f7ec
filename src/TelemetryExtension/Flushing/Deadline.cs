namespace TelemetryExtension.Flushing;

/// <summary>
/// The end of an INVOKE or SHUTDOWN, less a margin. The wall clock is asked once, when the event has arrived (that is: after the
/// thaw); from then on the monotonic clock counts, so a clock that is set meanwhile changes nothing.
/// </summary>
internal sealed class Deadline
{
    /// <summary>Lambda's longest function timeout; also assumed when the clock is plainly wrong, since too short would lose data.</summary>
    public static readonly TimeSpan LongestInvoke = TimeSpan.FromMinutes(15);

    /// <summary>All that Lambda gives for a shutdown with external extensions.</summary>
    public static readonly TimeSpan LongestShutdown = TimeSpan.FromSeconds(2);

    /// <summary>It comes after the runtime's end, for which Lambda takes up to 30 % of those: what is left when the clock cannot tell.</summary>
    public static readonly TimeSpan ShutdownAtWorst = LongestShutdown * 0.7;

    /// <summary>Even if a flush made us late for the event, there is more left than this; or the clock is wrong.</summary>
    private static readonly TimeSpan LeastShutdown = TimeSpan.FromMilliseconds(500);

    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly TimeSpan _limit;

    private Deadline(TimeSpan limit, long start, TimeProvider time) => (_limit, _start, _time) = (limit, start, time);

    /// <summary>Never negative.</summary>
    public TimeSpan Remaining => Max(_limit - _time.GetElapsedTime(_start), TimeSpan.Zero);

    /// <param name="deadlineMs">From the event (Unix epoch, ms).</param>
    public static Deadline OfInvoke(long deadlineMs, TimeSpan margin, TimeProvider time) =>
        In(Left(deadlineMs, time) is var left && left > TimeSpan.Zero && left <= LongestInvoke ? left : LongestInvoke, margin, time);

    /// <inheritdoc cref="OfInvoke"/>
    public static Deadline OfShutdown(long deadlineMs, TimeSpan margin, TimeProvider time) =>
        In(Left(deadlineMs, time) is var left && left > LeastShutdown && left <= LongestShutdown ? left : ShutdownAtWorst, margin, time);

    private static Deadline In(TimeSpan left, TimeSpan margin, TimeProvider time) => new(left - margin, time.GetTimestamp(), time);

    private static TimeSpan Left(long deadlineMs, TimeProvider time)
    {
        // Any number may come in the event.
        double left = (double)deadlineMs - time.GetUtcNow().ToUnixTimeMilliseconds();
        return TimeSpan.FromMilliseconds(Math.Clamp(left, -1e12, 1e12));
    }

    /// <summary>The same with less of a margin.</summary>
    public Deadline Later(TimeSpan by) => new(_limit + by, _start, _time);

    /// <summary>Cancelled when the deadline, or <paramref name="atMost"/> if that is sooner, has passed.</summary>
    public CancellationTokenSource CreateCancellation(TimeSpan? atMost = null)
    {
        var remaining = Remaining;
        if (atMost < remaining)
            remaining = Max(atMost.Value, TimeSpan.Zero);
        return new(remaining, _time);
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
