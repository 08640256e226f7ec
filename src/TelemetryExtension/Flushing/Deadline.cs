namespace TelemetryExtension.Flushing;

/// <summary>
/// The end of an INVOKE or SHUTDOWN, less a margin. The wall clock is asked once, when the event has arrived (that is: after the
/// thaw); from then on the monotonic clock counts, so a clock that is set meanwhile changes nothing.
/// </summary>
internal sealed class Deadline
{
    /// <summary>Lambda's longest function timeout.</summary>
    public static readonly TimeSpan LongestInvoke = TimeSpan.FromMinutes(15);

    /// <summary>All that Lambda gives for a shutdown with external extensions.</summary>
    public static readonly TimeSpan LongestShutdown = TimeSpan.FromSeconds(2);

    /// <summary>An event is never delivered later than this after its own deadline; if it seems so, the clock is wrong.</summary>
    private static readonly TimeSpan Implausible = TimeSpan.FromSeconds(10);

    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly TimeSpan _limit;

    private Deadline(TimeSpan limit, long start, TimeProvider time) => (_limit, _start, _time) = (limit, start, time);

    /// <summary>Never negative.</summary>
    public TimeSpan Remaining => Max(_limit - _time.GetElapsedTime(_start), TimeSpan.Zero);

    /// <param name="deadlineMs">From the event (Unix epoch, ms).</param>
    /// <param name="longest">What can be left at most; also assumed when the clock is plainly wrong, since too short would lose data.</param>
    public static Deadline From(long deadlineMs, TimeSpan margin, TimeSpan longest, TimeProvider time)
    {
        var left = deadlineMs - time.GetUtcNow().ToUnixTimeMilliseconds();
        var plausible = left >= -Implausible.TotalMilliseconds && left <= longest.TotalMilliseconds;
        return new((plausible ? TimeSpan.FromMilliseconds(left) : longest) - margin, time.GetTimestamp(), time);
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
