namespace TelemetryExtension.Secrets;

/// <summary>What is known of one secret, and when it may be read again. Pure: the clock and randomness are passed in. Guarded by the store's lock.</summary>
internal sealed class CachedSecret
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);

    /// <summary>A backend that refuses a current key must not become a load for the store.</summary>
    private static readonly TimeSpan LeastBetweenRefreshes = TimeSpan.FromSeconds(5);

    private DateTimeOffset _read;
    private DateTimeOffset _tried;
    private TimeSpan _pause;

    /// <summary>The latest that could be read. It stays while a later read fails.</summary>
    public string? Text { get; private set; }

    /// <summary>In a row.</summary>
    public int Failures { get; private set; }

    /// <summary>The read that is under way.</summary>
    public Task? Reading { get; set; }

    /// <summary>Whether to read it, because it is not known or too old. By the wall clock, since a freeze makes a secret older too.</summary>
    public bool IsDue(DateTimeOffset now, TimeSpan timeToLive) =>
        Reading is null && (Text is null || Since(_read, now) >= timeToLive) && (Failures == 0 || Since(_tried, now) >= _pause);

    /// <summary>Whether to read it because a backend refused it.</summary>
    public bool MayRefresh(DateTimeOffset now) => Reading is null && Since(_tried, now) >= (Failures == 0 ? LeastBetweenRefreshes : _pause);

    /// <returns>Whether the text is another one now.</returns>
    public bool Succeeded(string text, DateTimeOffset now)
    {
        var isNew = Text != text;
        (Text, Failures, _read, _tried) = (text, 0, now, now);
        return isNew;
    }

    /// <param name="random">From 0 up to 1.</param>
    public void Failed(DateTimeOffset now, double random)
    {
        var ceiling = Math.Min(LongestPause.Ticks, FirstPause.Ticks * Math.Pow(2, Math.Min(Failures, 10)));
        _pause = TimeSpan.FromTicks((long)(ceiling * (0.5 + (random / 2))));
        Failures++;
        _tried = now;
    }

    /// <summary>The absolute value, because the clock may be set back.</summary>
    private static TimeSpan Since(DateTimeOffset then, DateTimeOffset now) => (now - then).Duration();
}
