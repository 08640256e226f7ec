namespace LambdaSandbox.Serving;

/// <summary>The number and lifetime of environments.</summary>
/// <param name="Next">Creates the options of the next environment, because each has its own ports.</param>
internal sealed record PoolOptions(Func<SandboxOptions> Next, int MaxEnvironments)
{
    /// <summary>The idle time after which an environment is shut down. Null: never.</summary>
    public TimeSpan? IdleTimeout { get; init; }

    /// <summary>Overlapping invocations in one environment. More than 1 only on managed instances.</summary>
    public int InvocationsPerEnvironment { get; init; } = 1;

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
