namespace TelemetryExtension.Network;

/// <summary>
/// A timeout that counts only time in which this process ran. It counts timer ticks instead of reading a clock: after a freeze a periodic timer fires
/// once or twice, however long the freeze was. So an upload that a freeze interrupted gets the rest of its time after the thaw. Precise to an eighth
/// of the timeout, a short one to <see cref="ShortTick"/> or a half.
/// </summary>
internal sealed class AttemptTimeout : IDisposable
{
    private const int MaxTicks = 8;

    /// <summary>Every tick wakes a thread, and the invocation pays for it.</summary>
    private static readonly TimeSpan ShortTick = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _source;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;
    private ITimer? _timer;
    private int _left;

    /// <param name="isStarted">False: <see cref="Start"/> starts it. An operation that completes at once then needs no timer.</param>
    public AttemptTimeout(TimeSpan timeout, TimeProvider time, CancellationToken outer, bool isStarted = true)
    {
        _source = CancellationTokenSource.CreateLinkedTokenSource(outer);
        (_timeout, _time) = (timeout, time);
        _left = (int)Math.Clamp(timeout / ShortTick, 2, MaxTicks);
        if (isStarted)
            Start();
    }

    /// <summary>Cancelled after the timeout, or by the outer token.</summary>
    public CancellationToken Token => _source.Token;

    public bool IsExpired => Volatile.Read(ref _left) <= 0;

    public void Start()
    {
        if (_timeout == Timeout.InfiniteTimeSpan)
            return;
        var tick = TimeSpan.FromTicks(Math.Max(TimeSpan.TicksPerMillisecond, _timeout.Ticks / _left));
        _timer = _time.CreateTimer(static state => ((AttemptTimeout)state!).Tick(), this, tick, tick);
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _source.Dispose();
    }

    private void Tick()
    {
        if (Interlocked.Decrement(ref _left) != 0)
            return;
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The response came at the last moment. A timer may still fire during Dispose.
        }
    }
}
