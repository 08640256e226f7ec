namespace LambdaSandbox.Serving;

/// <summary>One execution environment of a pool.</summary>
internal sealed class PooledEnvironment(int number, Sandbox sandbox)
{
    /// <summary>Starts at 1, in the order of starts.</summary>
    public int Number => number;

    public Sandbox Sandbox => sandbox;

    /// <summary>Running invocations. Changes only inside the pool's lock.</summary>
    public int Busy { get; set; }

    /// <summary>Whether it gets no more invocations and ends after its last. Changes only inside the pool's lock.</summary>
    public bool IsStale { get; set; }

    /// <summary>Ends it when it is idle for long.</summary>
    public ITimer? IdleTimer { get; set; }
}

/// <param name="Lines">The function's output during the invocation.</param>
internal sealed record PooledInvocation(PooledEnvironment Environment, InvocationResult Result, IReadOnlyList<string> Lines);
