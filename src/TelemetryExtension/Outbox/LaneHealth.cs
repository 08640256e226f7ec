namespace TelemetryExtension.Outbox;

/// <summary>The health of one destination for one signal: consecutive failures, and the back-off that follows from them. Guarded by the outbox's lock.</summary>
internal sealed class LaneHealth(RetrySchedule schedule)
{
    private Pause _pause;
    private bool _hasRetryAfter;

    /// <summary>Consecutive failures. 0 means healthy. Requests that fail while in flight together count as one failure.</summary>
    public int Failures { get; private set; }

    /// <summary>Increases with each failure. A request belongs to the round in which it began.</summary>
    public int Round { get; private set; }

    public void Succeeded()
    {
        Failures = 0;
        _pause = default;
        _hasRetryAfter = false;
    }

    /// <param name="round">The round in which the request began.</param>
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
        var hasRetryAfter = retryAfter > TimeSpan.Zero;
        if (!isNew && _hasRetryAfter && !hasRetryAfter)
            return;
        _pause = new(now, schedule.DelayAfter(Failures, retryAfter, random));
        _hasRetryAfter = hasRetryAfter;
    }

    /// <summary>Copies the failure of another signal of the same destination when there is no connection, so that this signal is not tried in vain.</summary>
    public void CopyFailure(LaneHealth other) => (Failures, _pause, _hasRetryAfter) = (1, other._pause, other._hasRetryAfter);

    /// <summary>Keeps earlier failures from making long pauses at the last chance. A delay that the server asked for stays.</summary>
    public void ResetBackoff() => Failures = Math.Min(Failures, 1);

    /// <summary>How long the back-off still lasts.</summary>
    /// <param name="isLastChance">Ignores the extension's own back-off, but not a delay that the server asked for.</param>
    public TimeSpan WaitFrom(DateTimeOffset now, bool isLastChance) => isLastChance && !_hasRetryAfter ? TimeSpan.Zero : _pause.LeftAt(now);
}
