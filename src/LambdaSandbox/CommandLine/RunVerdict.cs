using LambdaSandbox.Serving;

namespace LambdaSandbox.CommandLine;

/// <summary>Collects what failed, for the exit code.</summary>
/// <param name="failOn">The failures that count: init, invocation, shutdown.</param>
internal sealed class RunVerdict(string failOn) : IReport
{
    private readonly HashSet<string> counts = [.. failOn.Split(',')];
    private readonly Lock sync = new();
    private readonly List<string> failures = [];
    private int invocations;

    /// <summary>The first failure that counts, or null.</summary>
    public string? Failure
    {
        get
        {
            lock (sync)
                return failures.Count switch
                {
                    0 => null,
                    <= 3 => string.Join("; ", failures),
                    _ => $"{string.Join("; ", failures.Take(3))}; and {failures.Count - 3} more",
                };
        }
    }

    public void Note(string text)
    {
    }

    public void Line(int environment, string source, string text)
    {
    }

    public void Starting(PooledEnvironment environment)
    {
    }

    public void Started(PooledEnvironment environment)
    {
        if (environment.Sandbox.Init is { Succeeded: false, Status: not "suppressed" } init)
            Add("init", $"init: {init.ErrorType}");
    }

    public void Invoked(PooledEnvironment environment, InvocationResult result)
    {
        var number = Interlocked.Increment(ref invocations);
        if (!result.Succeeded)
            Add("invocation", $"invocation {number}: {result.Error?.ErrorType ?? result.Status}");
    }

    public void Ended(PooledEnvironment environment, ShutdownResult result)
    {
        if (!result.Drained)
            Add("shutdown", result.KillNeeded ? "shutdown: SIGKILL was needed" : "shutdown: an extension did not end with exit code 0");
    }

    public void Finished(string? failure)
    {
    }

    private void Add(string kind, string text)
    {
        if (!counts.Contains(kind))
            return;
        lock (sync)
            failures.Add(text);
    }
}
