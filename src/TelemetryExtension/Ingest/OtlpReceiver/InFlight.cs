namespace TelemetryExtension.Ingest.OtlpReceiver;

/// <summary>
/// Counts requests between their headers and their answer, so that the loop can wait for those that were arriving when the runtime finished. Thread-safe.
/// </summary>
internal sealed class InFlight
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _idle;
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public void Enter()
    {
        lock (_gate)
            _count++;
    }

    public void Leave()
    {
        TaskCompletionSource? idle = null;
        lock (_gate)
        {
            if (--_count == 0)
                (idle, _idle) = (_idle, null);
        }

        idle?.TrySetResult();
    }

    /// <summary>Waits until nothing is in flight. Returns false when cancelled before. Does not throw.</summary>
    public async ValueTask<bool> WaitAsync(CancellationToken cancellationToken)
    {
        Task idle;
        lock (_gate)
        {
            if (_count == 0)
                return true;
            _idle ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            idle = _idle.Task;
        }

        await idle.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return idle.IsCompleted;
    }
}
