namespace TelemetryExtension.Outbox;

/// <summary>
/// A pause by the wall clock, because a delay that a server asked for continues while the environment is frozen. When the clock was set back, the pause
/// restarts once.
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
