using LambdaSandbox.Serving;

namespace LambdaSandbox.CommandLine;

/// <summary>Reports what happens to people, programs or a trace backend. Calls for different environments may overlap.</summary>
internal interface IReport
{
    /// <summary>A remark that belongs to no environment.</summary>
    void Note(string text);

    void Line(int environment, string source, string text);

    /// <summary>Its APIs listen, and nothing runs in it yet.</summary>
    void Starting(PooledEnvironment environment);

    /// <summary>Its init is over.</summary>
    void Started(PooledEnvironment environment);

    void Invoked(PooledEnvironment environment, InvocationResult result);

    void Ended(PooledEnvironment environment, ShutdownResult result);

    /// <summary>The run is over.</summary>
    /// <param name="failure">The reason for an exit code other than 0, or null.</param>
    void Finished(string? failure);
}
