namespace TelemetryExtension.Lambda.ExtensionsApi;

/// <summary>
/// How soon Next is asked again when its answer was no event. An extension that exits fails the function, so it goes on asking, once a second at most;
/// only an API that cannot be reached at all is given up.
/// </summary>
internal sealed class NextRetry(TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    /// <summary>Lambda's API is on the same machine.</summary>
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromSeconds(10);

    private TimeSpan _pause;
    private TimeSpan _unreachable;
    private long _lastAnswer;

    /// <summary>An INVOKE or a SHUTDOWN came.</summary>
    public void Succeeded() => (_pause, _unreachable) = (TimeSpan.Zero, TimeSpan.Zero);

    /// <summary>An answer came that is no event. The first one is no reason to wait: event types may be added.</summary>
    public TimeSpan AfterAnswer()
    {
        _unreachable = TimeSpan.Zero;
        var isFirst = _pause == TimeSpan.Zero || time.GetElapsedTime(_lastAnswer) > Longest * 5;
        _lastAnswer = time.GetTimestamp();
        var pause = isFirst ? TimeSpan.Zero : _pause;
        _pause = isFirst ? First : Longer(_pause);
        return pause;
    }

    /// <summary>No answer came: not connected, reset, closed. Null when that has been so for ten seconds of waiting.</summary>
    public TimeSpan? AfterFailure()
    {
        if (_unreachable >= GiveUpAfter)
            return null;
        _pause = _pause == TimeSpan.Zero ? First : Longer(_pause);
        _unreachable += _pause;
        return _pause;
    }

    private static TimeSpan Longer(TimeSpan pause) => pause * 2 < Longest ? pause * 2 : Longest;
}
