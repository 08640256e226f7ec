using LambdaSandbox.CommandLine;
using LambdaSandbox.Serving;

namespace LambdaSandbox.View;

/// <summary>Records the Telemetry API's events of a run in a file, one per line, for `replay-events`.</summary>
internal sealed class EventRecord : IReport, IAsyncDisposable
{
    private readonly Lock sync = new();
    private readonly StreamWriter output;

    /// <exception cref="SandboxException">The file cannot be written.</exception>
    public EventRecord(string path)
    {
        try
        {
            output = new StreamWriter(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SandboxException($"--record: {e.Message}", e);
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
    }

    public void Invoked(PooledEnvironment environment, InvocationResult result)
    {
    }

    public void Ended(PooledEnvironment environment, ShutdownResult result)
    {
        lock (sync)
            foreach (var item in environment.Sandbox.Events)
                output.WriteLine(item.Text);
    }

    public void Finished(string? failure)
    {
    }

    public ValueTask DisposeAsync() => output.DisposeAsync();
}
