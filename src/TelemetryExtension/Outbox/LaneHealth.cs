namespace TelemetryExtension.Outbox;

/// <summary>How one destination fares with one signal: failures in a row, and how long it is left alone for them. Guarded by the outbox's lock.</summary>
internal sealed class LaneHealth(RetrySchedule schedule)
{
    private Pause _pause;
    private bool _serverAsked;

    /// <summary>Failures in a row; 0 means healthy. Requests that were under way at the same time fail together, as one.</summary>
    public int Failures { get; private set; }

    /// <summary>Grows with each failure. A request belongs to the round in which it was begun.</summary>
    public int Round { get; private set; }

    public void Succeeded()
    {
        Failures = 0;
        _pause = default;
        _serverAsked = false;
    }

    /// <param name="round">In which the request was begun.</param>
    /// <param name="random">From 0 up to 1.</param>
    public void Failed(int round, DateTimeOffset now, TimeSpan? retryAfter, double random)
    {
        var isNew = round == Round;
        if (isNew)
        {
            Round++;
            Failures++;
        }

        Failures = Math.Max(Failures, 1);
        var serverAsks = retryAfter > TimeSpan.Zero;
        if (!isNew && _serverAsked && !serverAsks)
            return;
        _pause = new(now, schedule.DelayAfter(Failures, retryAfter, random));
        _serverAsked = serverAsks;
    }

    /// <summary>For what hit another signal of the same destination before this one was tried: there is not even a connection.</summary>
    public void FailedLike(LaneHealth other) => (Failures, _pause, _serverAsked) = (1, other._pause, other._serverAsked);

    /// <summary>At the last chance earlier failures must not make the pauses of these last seconds long. A server's own wish stays.</summary>
    public void ResetBackoff() => Failures = Math.Min(Failures, 1);

    /// <summary>How long the destination is to be left alone.</summary>
    /// <param name="isLastChance">Our own back-off is ignored then; the server's wish is not.</param>
    public TimeSpan WaitFrom(DateTimeOffset now, bool isLastChance) => isLastChance && !_serverAsked ? TimeSpan.Zero : _pause.LeftAt(now);
}
