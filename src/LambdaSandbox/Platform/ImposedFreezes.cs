using LambdaSandbox.Telemetry;

namespace LambdaSandbox.Platform;

/// <summary>
/// Freezes that the caller requests at any moment: in the middle of an invocation or of a shutdown, or between two. The life cycle freezes and thaws only
/// between them. Its limits do not count their time, in which no process runs.
/// </summary>
internal sealed class ImposedFreezes(PlatformState platform, TelemetryStream telemetry, ProcessSet processes) : IDisposable
{
    private readonly SemaphoreSlim turn = new(1);

    /// <summary>Freezes everything until <paramref name="meanwhile"/> has ended. What is already frozen stays frozen for that time.</summary>
    public async Task FreezeWhileAsync(Func<Task> meanwhile, CancellationToken cancellation)
    {
        await turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (platform.Current is not { } generation || processes.IsFrozen)
            {
                await meanwhile().ConfigureAwait(false);
                return;
            }

            await telemetry.PauseAsync(TimeSpan.Zero).ConfigureAwait(false);
            platform.Gate.StopClock();
            try
            {
                processes.Freeze(generation);
                await meanwhile().ConfigureAwait(false);
            }
            finally
            {
                processes.Thaw(generation);
                platform.Gate.StartClock();
                telemetry.Resume();
            }
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Runs a step of the life cycle that freezes or thaws.</summary>
    public async Task BetweenAsync(Func<Task> step)
    {
        await turn.WaitAsync().ConfigureAwait(false);
        try
        {
            await step().ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }

    public Task BetweenAsync(Action step) => BetweenAsync(() =>
    {
        step();
        return Task.CompletedTask;
    });

    public void Dispose() => turn.Dispose();
}
