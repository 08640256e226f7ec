namespace TelemetryExtension.Network;

/// <summary>
/// Decides when to give up a connection that nobody closed. A network that forgot it, usually during a freeze, sends no signal: requests on it are
/// lost, and no response comes. Only responses show that it is alive. A hanging backend looks the same, and a new connection costs a handshake. So a
/// connection that has answered before is given up at once, and its replacements after 2, 4, 8, ... requests, until there is a response. Pings could
/// distinguish the two cases. But they need a timer, which does not run in a freeze, and a thread that wakes up in every invocation.
/// </summary>
internal sealed partial class OutboundConnections
{
    /// <summary>
    /// NAT gateways drop a silent connection after 350 s without a signal. After this shorter time the connection is not used any more.
    /// </summary>
    private static readonly TimeSpan MaxIdle = TimeSpan.FromMinutes(5);

    /// <summary>A connection with a response within this time counts as alive. A flush that was cut off meanwhile says nothing about it.</summary>
    private static readonly TimeSpan Doubt = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Short enough for a response on a new connection within the two seconds of SHUTDOWN, and long enough for most pauses of a healthy backend.
    /// </summary>
    private static readonly TimeSpan MinResponseLimit = TimeSpan.FromMilliseconds(600);

    /// <summary>A freeze in between makes a response look slower than it was.</summary>
    private static readonly TimeSpan LongestSample = TimeSpan.FromSeconds(5);

    /// <summary>Sending a large request takes time. 4 MB/s is slow for an environment.</summary>
    private const int BytesPerMillisecond = 4096;

    /// <summary>
    /// The mean time to a response. Until there is one from an open connection, it includes the handshake of the last new connection.
    /// </summary>
    private TimeSpan _usual;
    private bool _isMeasured;
    private int _patience = 2;

    /// <summary>By the wall clock, because a freeze counts as silence. The absolute value, because the clock may be set back.</summary>
    private TimeSpan SilenceSince(DateTimeOffset lastResponse) => (time.GetUtcNow() - lastResponse).Duration();

    /// <summary>
    /// How long an old connection may be silent after a request before a second one is tried. Counts only time in which this process runs.
    /// </summary>
    private TimeSpan ResponseLimit(DateTimeOffset lastResponse, HttpRequestMessage request)
    {
        var usual = Max(MinResponseLimit, 4 * _usual);
        return Max(usual, Doubt - SilenceSince(lastResponse)) + TimeSpan.FromMilliseconds((request.Content?.Headers.ContentLength ?? 0) / BytesPerMillisecond);
    }

    /// <summary>Waits for the response. True when the connection counts as dead first and is given up.</summary>
    private async Task<bool> IsDeadAsync(Pool pool, DateTimeOffset lastResponse, HttpRequestMessage request, Task answer, CancellationToken cancellationToken)
    {
        TimeSpan limit;
        lock (_gate)
            limit = ResponseLimit(lastResponse, request);
        using var patience = new AttemptTimeout(limit, time, cancellationToken);
        await answer.WaitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (answer.IsCompleted || !patience.IsExpired || cancellationToken.IsCancellationRequested)
            return false;
        lock (_gate)
        {
            if (!pool.IsRetired && HasRespondedSince(pool, lastResponse))
                return false;
            GiveUp(pool);
            return true;
        }
    }

    /// <summary>A request was cut off before its response.</summary>
    private void Unanswered(Pool pool, DateTimeOffset lastResponse)
    {
        lock (_gate)
        {
            if (SilenceSince(lastResponse) < Doubt || HasRespondedSince(pool, lastResponse) || ++pool.Unanswered < _patience)
                return;
            GiveUp(pool);
        }
    }

    /// <param name="wasGivenUp">
    /// Whether this was the second attempt. If it took as long as the wait for the first, the connection was not dead but the backend slow.
    /// </param>
    private void Answered(Pool pool, bool wasWarm, bool wasGivenUp, TimeSpan took)
    {
        lock (_gate)
        {
            pool.HasAnswered = true;
            pool.LastResponse = time.GetUtcNow();
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

    /// <summary>Without sharing, each request has its own connection, and one that is alive says nothing about the others.</summary>
    private bool HasRespondedSince(Pool pool, DateTimeOffset lastResponse) => allShareOne && pool.LastResponse != lastResponse;

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
