namespace TelemetryExtension.Network;

/// <summary>
/// When a connection is given up that nobody closed. A network that forgot it, during a freeze as a rule, does not say so: what is sent is lost, and
/// nothing ever comes back. Only answers tell that it lives. A backend that hangs looks the same, though, and a new connection costs a handshake; so a
/// connection that answered before is given up at once, and those opened in its place after 2, 4, 8, ... requests, until there is an answer. Pings
/// would tell the two apart, but need a timer that does not run in a freeze and a thread that wakes up for it in every invocation.
/// </summary>
internal sealed partial class OutboundConnections
{
    /// <summary>NAT gateways forget a silent connection after 350 s, without telling: after less than that it is not used again.</summary>
    private static readonly TimeSpan MaxSilence = TimeSpan.FromMinutes(5);

    /// <summary>One that was heard of more recently than this is taken to be alive: a flush cut off in between says nothing about it.</summary>
    private static readonly TimeSpan Doubt = TimeSpan.FromSeconds(1);

    /// <summary>Short enough for an answer on a fresh connection within the two seconds of SHUTDOWN, long enough for most pauses of a backend that lives.</summary>
    private static readonly TimeSpan LeastPatience = TimeSpan.FromMilliseconds(600);

    /// <summary>A freeze in the middle makes an answer look slower than it was.</summary>
    private static readonly TimeSpan LongestSample = TimeSpan.FromSeconds(5);

    /// <summary>A large request needs time to go out at all; 4 MB/s is slow for an environment.</summary>
    private const int BytesPerMillisecond = 4096;

    /// <summary>Mean time to an answer; as long as there was none on a connection that was open already, to the last one with the handshake in it.</summary>
    private TimeSpan _usual;
    private bool _isMeasured;
    private int _patience = 2;

    /// <summary>By the wall clock, since a freeze is silence too. Either way: a clock that was set back tells nothing.</summary>
    private TimeSpan SilenceSince(DateTimeOffset heard) => (time.GetUtcNow() - heard).Duration();

    /// <summary>How long an old connection may be silent after a request before another is tried beside it. Counts only time in which this process runs.</summary>
    private TimeSpan PatienceWith(DateTimeOffset heard, HttpRequestMessage request)
    {
        var usual = Max(LeastPatience, 4 * _usual);
        return Max(usual, Doubt - SilenceSince(heard)) + TimeSpan.FromMilliseconds((request.Content?.Headers.ContentLength ?? 0) / BytesPerMillisecond);
    }

    /// <summary>Waits for the answer, or until the connection counts as dead and is given up.</summary>
    private async Task<bool> IsDeadAsync(Pool pool, DateTimeOffset heard, HttpRequestMessage request, Task answer, CancellationToken cancellationToken)
    {
        TimeSpan limit;
        lock (_gate)
            limit = PatienceWith(heard, request);
        using var patience = new AttemptTimeout(limit, time, cancellationToken);
        await answer.WaitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (answer.IsCompleted || !patience.IsExpired || cancellationToken.IsCancellationRequested)
            return false;
        lock (_gate)
        {
            if (!pool.IsRetired && IsHeardSince(pool, heard))
                return false;
            GiveUp(pool);
            return true;
        }
    }

    /// <summary>A request was cut off before its answer.</summary>
    private void Unanswered(Pool pool, DateTimeOffset heardBefore)
    {
        lock (_gate)
        {
            if (SilenceSince(heardBefore) < Doubt || IsHeardSince(pool, heardBefore) || ++pool.Unanswered < _patience)
                return;
            GiveUp(pool);
        }
    }

    /// <param name="wasGivenUp">It is the second try: if it took as long as the first was waited for, the connection was not dead but the backend slow.</param>
    private void Answered(Pool pool, bool wasWarm, bool wasGivenUp, TimeSpan took)
    {
        lock (_gate)
        {
            pool.HasAnswered = true;
            pool.Heard = time.GetUtcNow();
            pool.Unanswered = 0;
            _patience = 1;
            took = took < LongestSample ? took : LongestSample;
            if (wasGivenUp)
                _usual = Max(_usual, took);
            if (_isMeasured && !wasWarm)
                return;
            _usual = _isMeasured ? _usual + ((took - _usual) / 8) : took;
            _isMeasured = wasWarm;
        }
    }

    /// <summary>Where each request has a connection to itself, one that lives says nothing for the others.</summary>
    private bool IsHeardSince(Pool pool, DateTimeOffset heardBefore) => allShareOne && pool.Heard != heardBefore;

    private void GiveUp(Pool pool)
    {
        if (pool.IsRetired)
            return;
        _patience *= 2;
        Close(pool);
        distrust?.Invoke();
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
