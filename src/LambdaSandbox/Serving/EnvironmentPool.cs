using LambdaSandbox.CommandLine;

namespace LambdaSandbox.Serving;

/// <summary>
/// The environments of one function, managed like Lambda's: another one starts when an invocation finds all of them busy, and one that is idle for long is
/// shut down.
/// </summary>
internal sealed class EnvironmentPool(PoolOptions options, IReport report) : IAsyncDisposable
{
    private readonly Lock sync = new();
    private readonly List<PooledEnvironment> environments = [];
    private readonly HashSet<Task> ending = [];
    private readonly SemaphoreSlim slots = new(options.MaxEnvironments * options.InvocationsPerEnvironment);
    private int started;
    private bool closed;

    public int Count
    {
        get
        {
            lock (sync)
                return environments.Count;
        }
    }

    /// <summary>Starts an environment ahead of the first invocation.</summary>
    public async Task<InitResult> WarmUpAsync(CancellationToken cancellation)
    {
        await slots.WaitAsync(cancellation).ConfigureAwait(false);
        PooledEnvironment? environment = null;
        try
        {
            environment = await TakeAsync(cancellation).ConfigureAwait(false);
            return environment.Sandbox.Init!;
        }
        finally
        {
            Return(environment);
        }
    }

    /// <summary>Runs an invocation. Returns null when all environments are busy and the caller does not wait.</summary>
    public async Task<PooledInvocation?> InvokeAsync(string payload, InvokeOptions invocation, bool wait, CancellationToken cancellation)
    {
        if (!await slots.WaitAsync(wait ? Timeout.Infinite : 0, cancellation).ConfigureAwait(false))
            return null;
        PooledEnvironment? environment = null;
        try
        {
            environment = await TakeAsync(cancellation).ConfigureAwait(false);
            var printed = new List<string>();
            void Print(string line)
            {
                lock (printed)
                    printed.Add(line);
            }

            using var listening = environment.Sandbox.ListenToFunction(Print);
            var result = await environment.Sandbox.InvokeAsync(payload, invocation, cancellation).ConfigureAwait(false);
            report.Invoked(environment, result);
            lock (printed)
                return new PooledInvocation(environment, result, [.. printed]);
        }
        finally
        {
            Return(environment);
        }
    }

    /// <summary>Marks the current environments as stale: they get no more invocations, and each ends with SHUTDOWN after its last.</summary>
    public void Replace()
    {
        lock (sync)
        {
            foreach (var environment in environments.ToList())
            {
                environment.IsStale = true;
                if (environment.Busy == 0)
                    End(environment);
            }
        }
    }

    /// <summary>Shuts down all environments, idle ones first.</summary>
    public async Task ShutdownAsync()
    {
        lock (sync)
            closed = true;
        Replace();
        while (true)
        {
            Task[] pending;
            lock (sync)
                pending = [.. ending];
            if (pending.Length == 0)
                return;
            await Task.WhenAll(pending).ConfigureAwait(false);
        }
    }

    /// <summary>Kills the remaining environments at once.</summary>
    public async ValueTask DisposeAsync()
    {
        List<PooledEnvironment> left;
        Task[] pending;
        lock (sync)
        {
            closed = true;
            left = [.. environments];
            pending = [.. ending];
            environments.Clear();
        }

        foreach (var environment in left)
        {
            environment.IdleTimer?.Dispose();
            await environment.Sandbox.DisposeAsync().ConfigureAwait(false);
        }

        await Task.WhenAll(pending).ConfigureAwait(false);
        slots.Dispose();
    }

    private async Task<PooledEnvironment> TakeAsync(CancellationToken cancellation)
    {
        int number;
        lock (sync)
        {
            ObjectDisposedException.ThrowIf(closed, this);

            // Prefer the environment that was used last, so that the others can become idle.
            var free = environments.FindLast(e => !e.IsStale && e.Busy < options.InvocationsPerEnvironment);
            if (free is not null)
            {
                environments.Remove(free);
                environments.Add(free);
                free.Busy++;
                free.IdleTimer?.Dispose();
                free.IdleTimer = null;
                return free;
            }

            number = ++started;
        }

        var next = options.Next();
        next = next with { OnLine = (source, text) => report.Line(number, source, text) };
        var made = new PooledEnvironment(number, await Sandbox.OpenAsync(next).ConfigureAwait(false)) { Busy = 1 };
        var refused = false;
        lock (sync)
        {
            if (closed)
                refused = true;
            else
                environments.Add(made);
        }

        if (refused)
        {
            await made.Sandbox.DisposeAsync().ConfigureAwait(false);
            throw new ObjectDisposedException(nameof(EnvironmentPool));
        }

        report.Starting(made);
        try
        {
            await made.Sandbox.InitAsync(cancellation).ConfigureAwait(false);
        }
        catch
        {
            lock (sync)
            {
                made.IsStale = true;
                made.Busy = 0;
                End(made);
            }

            throw;
        }

        report.Started(made);
        return made;
    }

    private void Return(PooledEnvironment? environment)
    {
        lock (sync)
        {
            if (environment is not null)
            {
                environment.Busy--;
                if (environment.Busy == 0 && (environment.IsStale || closed))
                    End(environment);
                else if (environment.Busy == 0 && options.IdleTimeout is { } idle)
                    environment.IdleTimer = options.Time.CreateTimer(OnIdle, environment, idle, Timeout.InfiniteTimeSpan);
            }
        }

        try
        {
            slots.Release();
        }
        catch (ObjectDisposedException)
        {
            // The pool was disposed meanwhile.
        }
    }

    private void OnIdle(object? state)
    {
        var environment = (PooledEnvironment)state!;
        lock (sync)
        {
            if (environment.Busy > 0 || environment.IsStale)
                return;
            environment.IsStale = true;
            End(environment);
        }
    }

    /// <summary>Called inside the lock.</summary>
    private void End(PooledEnvironment environment)
    {
        if (!environments.Remove(environment))
            return;
        environment.IdleTimer?.Dispose();
        var task = Task.Run(() => EndAsync(environment));
        ending.Add(task);
        _ = task.ContinueWith(
            done =>
            {
                lock (sync)
                    ending.Remove(done);
            },
            TaskScheduler.Default);
    }

    private async Task EndAsync(PooledEnvironment environment)
    {
        try
        {
            var end = await environment.Sandbox.ShutdownAsync().ConfigureAwait(false);
            report.Ended(environment, end);
        }
        finally
        {
            await environment.Sandbox.DisposeAsync().ConfigureAwait(false);
        }
    }
}
