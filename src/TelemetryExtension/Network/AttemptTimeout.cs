namespace TelemetryExtension.Network;

/// <summary>
/// A timeout that counts only time in which this process ran: it counts timer ticks instead of reading a clock, and after a freeze a periodic
/// timer fires once or twice, however long the freeze was. So an upload that was frozen half-way gets the rest of its time after the thaw.
/// Precise to an eighth of the timeout, a short one to <see cref="ShortTick"/> or a half.
/// </summary>
internal sealed class AttemptTimeout : IDisposable
{
    private const int MostTicks = 8;

    /// <summary>Every tick wakes a thread, which an invocation pays for.</summary>
    private static readonly TimeSpan ShortTick = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _source;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;
    private ITimer? _timer;
    private int _left;

    /// <param name="isStarted">False: it begins with <see cref="Start"/>; what is done at once needs no timer.</param>
    public AttemptTimeout(TimeSpan timeout, TimeProvider time, CancellationToken outer, bool isStarted = true)
    {
        _source = CancellationTokenSource.CreateLinkedTokenSource(outer);
        (_timeout, _time) = (timeout, time);
        _left = (int)Math.Clamp(timeout / ShortTick, 2, MostTicks);
        if (isStarted)
            Start();
    }

    /// <summary>Cancelled when the time is up, or when the outer token is.</summary>
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
            // The answer came at the last moment: a timer may still fire while it is being disposed.
        }
    }
}
