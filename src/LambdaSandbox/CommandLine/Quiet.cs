using LambdaSandbox.Serving;

namespace LambdaSandbox.CommandLine;

/// <summary>A report without the lines that function and extensions print.</summary>
internal sealed class Quiet(IReport report) : IReport
{
    public void Note(string text) => report.Note(text);

    public void Line(int environment, string source, string text)
    {
    }

    public void Starting(PooledEnvironment environment) => report.Starting(environment);

    public void Started(PooledEnvironment environment) => report.Started(environment);

    public void Invoked(PooledEnvironment environment, InvocationResult result) => report.Invoked(environment, result);

    public void Ended(PooledEnvironment environment, ShutdownResult result) => report.Ended(environment, result);

    public void Finished(string? failure) => report.Finished(failure);
}
