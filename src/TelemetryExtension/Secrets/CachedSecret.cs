namespace TelemetryExtension.Secrets;

/// <summary>The last text of one secret, and when the store may read it again. Pure: the caller passes in time and randomness. The store's lock guards it.</summary>
internal sealed class CachedSecret
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);

    /// <summary>Keeps a backend that refuses even the current key from causing many reads.</summary>
    private static readonly TimeSpan MinRefreshInterval = TimeSpan.FromSeconds(5);

    private DateTimeOffset _read;
    private DateTimeOffset _tried;
    private TimeSpan _pause;

    /// <summary>The text of the last successful read. It stays when a later read fails.</summary>
    public string? Text { get; private set; }

    /// <summary>Failed reads since the last successful one.</summary>
    public int Failures { get; private set; }

    /// <summary>The read in progress.</summary>
    public Task? Reading { get; set; }

    /// <summary>Whether to read it, because it is unknown or too old. The wall clock counts, because a secret also ages during a freeze.</summary>
    public bool IsDue(DateTimeOffset now, TimeSpan timeToLive) =>
        Reading is null && (Text is null || Since(_read, now) >= timeToLive) && (Failures == 0 || Since(_tried, now) >= _pause);

    /// <summary>Whether to read it again after a backend refused it.</summary>
    public bool MayRefresh(DateTimeOffset now) => Reading is null && Since(_tried, now) >= (Failures == 0 ? MinRefreshInterval : _pause);

    /// <returns>Whether the text changed.</returns>
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

    /// <summary>The absolute difference, because the clock may go back.</summary>
    private static TimeSpan Since(DateTimeOffset then, DateTimeOffset now) => (now - then).Duration();
}
