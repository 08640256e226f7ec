using System.Globalization;

namespace LambdaSandbox.CommandLine;

/// <summary>For people.</summary>
internal sealed class TextReport : IReport
{
    private readonly Lock sync = new();
    private int count;

    public void Line(string source, string text) => Write($"  {source,-20} | {text}");

    public void Started(Sandbox sandbox)
    {
        var init = sandbox.Init!;
        Write($"init {init.Status} in {Ms(init.Duration)}{(init.ErrorType is null ? "" : $" ({init.ErrorType})")}");
        foreach (var extension in sandbox.Extensions)
            Write($"  extension {extension.Name}: {extension.State} [{string.Join(", ", extension.Events)}]");
    }

    public void Invoked(InvocationResult result)
    {
        Write($"invocation {++count} {result.RequestId}: {result.Status} in {Ms(result.Duration)}, extension overhead {Ms(result.ExtensionOverhead)}");
        Write(result.Error is { } error ? $"  {error.ErrorType}: {error.Body}" : $"  response in {Ms(result.ResponseTime ?? default)}: {result.Payload}");
        foreach (var process in result.Frozen)
            Write($"  {process.Name} (pid {process.Pid}) had been frozen for {Ms(process.StoppedFor)}");
    }

    public void Ended(ShutdownResult result)
    {
        Write($"shutdown ({result.Reason}) in {Ms(result.Duration)}: {(result.Drained ? "drained" : "NOT drained")}, SIGKILL {(result.KillNeeded ? "needed" : "not needed")}");
        if (result.Runtime is { } runtime)
            Write(Exit(runtime));
        foreach (var extension in result.Extensions)
            Write(Exit(extension));
        foreach (var process in result.Frozen)
            Write($"  {process.Name} (pid {process.Pid}) was frozen for {Ms(process.StoppedFor)} in all");
    }

    private static string Exit(ProcessExit exit) =>
        $"  {exit.Name}: exit code {exit.ExitCode} after {Ms(exit.After)}{(exit.WasKilled ? ", killed" : "")}";

    private static string Ms(TimeSpan duration) => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds:F1} ms");

    private void Write(string text)
    {
        lock (sync)
            Console.Out.WriteLine(text);
    }
}
