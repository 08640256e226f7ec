using LambdaSandbox.Serving;

namespace LambdaSandbox.CommandLine;

/// <summary>Several reports as one.</summary>
internal sealed class Reports(params IReadOnlyList<IReport> all) : IReport
{
    public void Note(string text) => Each(report => report.Note(text));

    public void Line(int environment, string source, string text) => Each(report => report.Line(environment, source, text));

    public void Starting(PooledEnvironment environment) => Each(report => report.Starting(environment));

    public void Started(PooledEnvironment environment) => Each(report => report.Started(environment));

    public void Invoked(PooledEnvironment environment, InvocationResult result) => Each(report => report.Invoked(environment, result));

    public void Ended(PooledEnvironment environment, ShutdownResult result) => Each(report => report.Ended(environment, result));

    public void Finished(string? failure) => Each(report => report.Finished(failure));

    private void Each(Action<IReport> tell)
    {
        foreach (var report in all)
            tell(report);
    }
}
