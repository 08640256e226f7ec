namespace TelemetryExtension.Lambda.ExtensionsApi;

/// <summary>
/// Decides the pause before Next is sent again after an answer that is not an event. An extension that exits fails the function, so it keeps asking, at
/// most once a second. It gives up only when the API is unreachable.
/// </summary>
internal sealed class NextRetry(TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    /// <summary>Short, because Lambda's API is on the same machine.</summary>
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromSeconds(10);

    private TimeSpan _pause;
    private TimeSpan _unreachable;
    private long _lastAnswer;

    /// <summary>Records an INVOKE or a SHUTDOWN.</summary>
    public void Succeeded() => (_pause, _unreachable) = (TimeSpan.Zero, TimeSpan.Zero);

    /// <summary>Records an answer that is not an event. The first one causes no pause, because AWS may add event types.</summary>
    public TimeSpan AfterAnswer()
    {
        _unreachable = TimeSpan.Zero;
        var isFirst = _pause == TimeSpan.Zero || time.GetElapsedTime(_lastAnswer) > Longest * 5;
        _lastAnswer = time.GetTimestamp();
        var pause = isFirst ? TimeSpan.Zero : _pause;
        _pause = isFirst ? First : Longer(_pause);
        return pause;
    }

    /// <summary>Records a failed connection: refused, reset or closed. Returns null after ten seconds of such failures.</summary>
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
