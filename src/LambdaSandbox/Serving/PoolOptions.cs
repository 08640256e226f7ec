namespace LambdaSandbox.Serving;

/// <summary>How many environments there may be, and for how long.</summary>
/// <param name="Next">The options of one more environment: each has ports of its own.</param>
internal sealed record PoolOptions(Func<SandboxOptions> Next, int MaxEnvironments)
{
    /// <summary>After this long without an invocation an environment is shut down; null: never.</summary>
    public TimeSpan? IdleTimeout { get; init; }

    /// <summary>Overlapping invocations in one environment; more than 1 on managed instances only.</summary>
    public int InvocationsPerEnvironment { get; init; } = 1;

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
