namespace TelemetryExtension.Outbox;

/// <summary>
/// How long to wait after a failed attempt: exponential back-off with jitter, unless the server said otherwise. Pure: randomness is passed in.
/// </summary>
internal sealed record RetrySchedule(TimeSpan Initial, TimeSpan Max, double Multiplier = 2)
{
    public static RetrySchedule Default { get; } = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30));

    /// <summary>A server's wish is followed up to here: beyond, a header that somebody mistyped would silence us for good.</summary>
    public static readonly TimeSpan MaxServerDelay = TimeSpan.FromMinutes(15);

    /// <param name="failures">Failures in a row, at least 1.</param>
    /// <param name="retryAfter">The server's wish; zero means it had none of its own (gRPC RetryInfo).</param>
    /// <param name="random">From 0 up to 1.</param>
    public TimeSpan DelayAfter(int failures, TimeSpan? retryAfter, double random)
    {
        var ceiling = Math.Min(Max.Ticks, Initial.Ticks * Math.Pow(Multiplier, Math.Clamp(failures - 1, 0, 62)));
        // Half fixed, half random: clients that failed together do not come back together, and none comes back at once.
        var own = TimeSpan.FromTicks((long)(ceiling * (0.5 + (random / 2))));
        if (retryAfter is not { } wished || wished <= TimeSpan.Zero)
            return own;
        return wished < MaxServerDelay ? wished : MaxServerDelay;
    }
}
