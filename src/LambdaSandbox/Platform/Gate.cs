using System.Diagnostics;

namespace LambdaSandbox.Platform;

/// <summary>
/// A lock with a way to wait for changes: the platform's state changes inside it, and its life cycle waits outside. Time limits count only while its clock
/// runs.
/// </summary>
internal sealed class Gate
{
    private readonly Lock sync = new();
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private TaskCompletionSource changed = NewSignal();

    /// <summary>The time for which the clock has run.</summary>
    public TimeSpan Clock
    {
        get
        {
            lock (sync)
                return clock.Elapsed;
        }
    }

    public void StopClock()
    {
        lock (sync)
            clock.Stop();
    }

    public void StartClock()
    {
        lock (sync)
            clock.Start();
    }

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

    /// <summary>Waits for the condition. Returns false when the limit passes first.</summary>
    public async Task<bool> WaitAsync(Func<bool> condition, TimeSpan limit, CancellationToken cancellation)
    {
        var end = Clock + TimeSpan.FromMilliseconds(Math.Clamp(limit.TotalMilliseconds, 0, int.MaxValue));
        while (true)
        {
            Task signal;
            lock (sync)
            {
                if (condition())
                    return true;
                signal = changed.Task;
            }

            var left = end - Clock;
            if (left <= TimeSpan.Zero)
                return false;
            try
            {
                await signal.WaitAsync(left, cancellation).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // The loop checks the condition once more.
            }
        }
    }

    /// <summary>Waits without a limit.</summary>
    public Task WaitAsync(Func<bool> condition, CancellationToken cancellation) => WaitAsync(condition, TimeSpan.MaxValue, cancellation);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
