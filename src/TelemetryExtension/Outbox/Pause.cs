namespace TelemetryExtension.Outbox;

/// <summary>
/// How long something is to be left alone. By the wall clock, since a server's wish goes on while we are frozen; when the clock was set back, the
/// pause begins anew, once.
/// </summary>
internal struct Pause(DateTimeOffset from, TimeSpan length)
{
    private DateTimeOffset _from = from;

    public TimeSpan LeftAt(DateTimeOffset now)
    {
        if (now < _from)
            _from = now;
        var left = _from + length - now;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
