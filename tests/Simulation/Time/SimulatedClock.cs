namespace Simulation.Time;

/// <summary>The one clock of a simulation: runs what is due, in order, on the caller's thread.</summary>
internal sealed class SimulatedClock
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly PriorityQueue<Action, (long At, long Order)> _due = new();
    private long _now;
    private long _order;

    public TimeSpan Now => new(_now);

    public DateTimeOffset UtcNow => Start + Now;

    public void In(TimeSpan delay, Action action) => _due.Enqueue(action, (_now + Math.Max(delay.Ticks, 0), _order++));

    public void RunUntil(TimeSpan end)
    {
        while (TryRunNext(end))
        {
        }

        _now = end.Ticks;
    }

    /// <summary>Runs what is due next. False when nothing is due until then: time does not move.</summary>
    public bool TryRunNext(TimeSpan end)
    {
        if (!_due.TryPeek(out var action, out var priority) || priority.At > end.Ticks)
            return false;
        _due.Dequeue();
        _now = priority.At;
        action();
        return true;
    }
}
