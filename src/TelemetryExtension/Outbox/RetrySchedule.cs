namespace TelemetryExtension.Outbox;

/// <summary>
/// Computes the delay after a failed attempt: exponential back-off with jitter, unless the server names a delay. Pure: the caller passes the randomness.
/// </summary>
internal sealed record RetrySchedule(TimeSpan Initial, TimeSpan Max, double Multiplier = 2)
{
    public static RetrySchedule Default { get; } = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30));

    /// <summary>The longest delay that a server may ask for. Without it a mistyped header would stop delivery for good.</summary>
    public static readonly TimeSpan MaxServerDelay = TimeSpan.FromMinutes(15);

    /// <param name="failures">Consecutive failures, at least 1.</param>
    /// <param name="retryAfter">The delay that the server asked for. Zero means that it named none (gRPC RetryInfo).</param>
    /// <param name="random">From 0 up to 1.</param>
    public TimeSpan DelayAfter(int failures, TimeSpan? retryAfter, double random)
    {
        var ceiling = Math.Min(Max.Ticks, Initial.Ticks * Math.Pow(Multiplier, Math.Clamp(failures - 1, 0, 62)));
        // Half of the delay is fixed and half is random. So clients that failed together do not retry together, and none retries at once.
        var own = TimeSpan.FromTicks((long)(ceiling * (0.5 + (random / 2))));
        if (retryAfter is not { } wished || wished <= TimeSpan.Zero)
            return own;
        // Never sooner than the server wants, and later by a random part: a server that is overloaded names the same delay to everybody.
        wished = wished < MaxServerDelay ? wished : MaxServerDelay;
        return wished + TimeSpan.FromTicks((long)(Math.Max(wished.Ticks / 2, ceiling) * random));
    }
}
