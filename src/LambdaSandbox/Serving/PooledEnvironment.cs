namespace LambdaSandbox.Serving;

/// <summary>One execution environment of a pool.</summary>
internal sealed class PooledEnvironment(int number, Sandbox sandbox)
{
    /// <summary>Counts from 1 in the order of starts.</summary>
    public int Number => number;

    public Sandbox Sandbox => sandbox;

    /// <summary>Invocations under way. Changes inside the pool's lock.</summary>
    public int Busy { get; set; }

    /// <summary>It gets no more invocations and ends after its last. Changes inside the pool's lock.</summary>
    public bool IsStale { get; set; }

    /// <summary>Ends it when nothing was asked of it for long.</summary>
    public ITimer? IdleTimer { get; set; }
}

/// <param name="Lines">What the function printed meanwhile.</param>
internal sealed record PooledInvocation(PooledEnvironment Environment, InvocationResult Result, IReadOnlyList<string> Lines);
