namespace LambdaSandbox.Platform;

/// <summary>A lock whose holders' changes can be awaited: the platform's state changes inside, its life cycle waits outside.</summary>
internal sealed class Gate
{
    private readonly Lock sync = new();
    private TaskCompletionSource changed = NewSignal();

    public void Do(Action change) => Do(() =>
    {
        change();
        return true;
    });

    public T Do<T>(Func<T> change)
    {
        lock (sync)
        {
            var result = change();
            var signal = changed;
            changed = NewSignal();
            signal.SetResult();
            return result;
        }
    }

    public T Read<T>(Func<T> read)
    {
        lock (sync)
            return read();
    }

    /// <summary>True as soon as the condition holds, false when the limit passes first.</summary>
    public async Task<bool> WaitAsync(Func<bool> condition, TimeSpan limit, CancellationToken cancellation)
    {
        var end = Environment.TickCount64 + (long)Math.Max(0, Math.Min(limit.TotalMilliseconds, int.MaxValue));
        while (true)
        {
            Task signal;
            lock (sync)
            {
                if (condition())
                    return true;
                signal = changed.Task;
            }

            var left = end - Environment.TickCount64;
            if (left <= 0)
                return false;
            try
            {
                await signal.WaitAsync(TimeSpan.FromMilliseconds(left), cancellation).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // The condition is looked at once more.
            }
        }
    }

    /// <summary>Waits without a limit.</summary>
    public Task WaitAsync(Func<bool> condition, CancellationToken cancellation) => WaitAsync(condition, TimeSpan.MaxValue, cancellation);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
