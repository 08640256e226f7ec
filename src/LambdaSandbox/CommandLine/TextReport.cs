using LambdaSandbox.Serving;

namespace LambdaSandbox.CommandLine;

/// <summary>For people: prints lines as they arrive.</summary>
internal sealed class TextReport : IReport
{
    private readonly Lock sync = new();
    private int count;

    public void Note(string text) => Write(1, $"note: {text}");

    public void Line(int environment, string source, string text) => Write(environment, $"  {source,-20} | {text}");

    public void Starting(PooledEnvironment environment)
    {
        if (environment.Sandbox.RuntimeVariables is not { } variables)
            return;
        Write(environment.Number, "waiting for a runtime to call Next; start yours with these variables:");
        foreach (var (name, value) in variables.OrderBy(pair => pair.Key))
            Write(environment.Number, $"export {name}='{value.Replace("'", "'\\''", StringComparison.Ordinal)}'");
    }

    public void Started(PooledEnvironment environment)
    {
        var init = environment.Sandbox.Init!;
        Write(environment.Number, $"init {init.Status} in {Durations.Print(init.Duration)}{(init.ErrorType is null ? "" : $" ({init.ErrorType})")}");
        Explain(environment.Number, init.Reason, init.Advice);
        foreach (var extension in environment.Sandbox.Extensions)
            Write(environment.Number, $"  extension {extension.Name}: {extension.State} [{string.Join(", ", extension.Events)}]");
    }

    public void Invoked(PooledEnvironment environment, InvocationResult result)
    {
        var number = Interlocked.Increment(ref count);
        Write(
            environment.Number,
            $"invocation {number} {result.RequestId}: {result.Status} in {Durations.Print(result.Duration)}, billed {Durations.Print(result.BilledDuration)}, "
            + $"extension overhead {Durations.Print(result.ExtensionOverhead)}, memory {result.MaxMemoryUsedMb} MB");
        if (result.Error is { } error)
        {
            Write(environment.Number, $"  {error.ErrorType}: {error.Reason ?? error.Body ?? "the function gave no reason"}");
            Explain(environment.Number, null, error.Advice);
        }
        else
        {
            Write(environment.Number, $"  response in {Durations.Print(result.ResponseTime ?? default)}: {result.Payload}");
        }

        foreach (var process in result.Frozen)
            Write(environment.Number, $"  {process.Name} (pid {process.Pid}) had been frozen for {Durations.Print(process.StoppedFor)}");
    }

    public void Ended(PooledEnvironment environment, ShutdownResult result)
    {
        Write(
            environment.Number,
            $"shutdown ({result.Reason}) in {Durations.Print(result.Duration)}: {(result.Drained ? "drained" : "NOT drained")}, "
            + $"SIGKILL {(result.KillNeeded ? "needed" : "not needed")}");
        if (result.Runtime is { } runtime)
            Write(environment.Number, Exit(runtime));
        foreach (var extension in result.Extensions)
            Write(environment.Number, Exit(extension));
        foreach (var process in result.Frozen)
            Write(environment.Number, $"  {process.Name} (pid {process.Pid}) was frozen for {Durations.Print(process.StoppedFor)} in all");
    }

    public void Finished(string? failure)
    {
        if (failure is not null)
            Write(1, $"exit code 1: {failure} (--fail-on selects what counts)");
    }

    private static string Exit(ProcessExit exit) =>
        $"  {exit.Name}: exit code {exit.ExitCode} after {Durations.Print(exit.After)}{(exit.WasKilled ? ", killed" : "")}";

    private void Explain(int environment, string? reason, string? advice)
    {
        if (reason is not null)
            Write(environment, $"  {reason}");
        if (advice is not null)
            Write(environment, $"  -> {advice}");
    }

    /// <summary>Names only further environments, because one is the usual case.</summary>
    private void Write(int environment, string text)
    {
        lock (sync)
            Console.Out.WriteLine(environment == 1 ? text : $"[{environment}] {text}");
    }
}
