using LambdaSandbox.Serving;

namespace LambdaSandbox.CommandLine;

/// <summary>Tells people, programs or a trace backend what happened. Calls of different environments may overlap.</summary>
internal interface IReport
{
    /// <summary>A remark about this run that no environment made.</summary>
    void Note(string text);

    void Line(int environment, string source, string text);

    /// <summary>Its APIs listen; nothing runs in it yet.</summary>
    void Starting(PooledEnvironment environment);

    /// <summary>Its init is over.</summary>
    void Started(PooledEnvironment environment);

    void Invoked(PooledEnvironment environment, InvocationResult result);

    void Ended(PooledEnvironment environment, ShutdownResult result);

    /// <summary>Everything is over.</summary>
    /// <param name="failure">Why the exit code is not 0; null when it is.</param>
    void Finished(string? failure);
}
