using System.CommandLine;

namespace LambdaSandbox.CommandLine;

/// <summary>`lambda-sandbox run`: init, the given invocations with pauses, shutdown.</summary>
internal static class RunCommand
{
    public static RootCommand Create()
    {
        var options = new RunOptions();
        var run = new Command("run", "Runs a function with a layer as Lambda would");
        foreach (var option in options.All)
            run.Options.Add(option);
        run.SetAction((parsed, cancellation) => Interruptible.RunAsync(stopping => RunAsync(options, parsed, stopping), cancellation));
        return new RootCommand("A local AWS Lambda: Runtime API, Extensions API, Telemetry API, freezing, limits") { run, DemoCommand.Create() };
    }

    private static async Task<int> RunAsync(RunOptions options, ParseResult parsed, CancellationToken cancellation)
    {
        var sandboxOptions = options.Read(parsed);
        IReport report = parsed.GetValue(options.Json) ? new JsonReport() : new TextReport();
        if (!parsed.GetValue(options.Quiet))
            sandboxOptions = sandboxOptions with { OnLine = report.Line };
        return await RunAsync(sandboxOptions, parsed.GetValue(options.Invoke) ?? [], parsed.GetValue(options.Pause), report, cancellation);
    }

    private static async Task<int> RunAsync(
        SandboxOptions options, string[] payloads, TimeSpan pause, IReport report, CancellationToken cancellation)
    {
        await using var sandbox = await Sandbox.StartAsync(options, cancellation);
        report.Started(sandbox);
        for (var i = 0; i < payloads.Length; i++)
        {
            if (i > 0)
                await Task.Delay(pause, cancellation);
            var result = await sandbox.InvokeAsync(payloads[i], cancellation);
            report.Invoked(result);
        }

        var end = await sandbox.ShutdownAsync(cancellation: cancellation);
        report.Ended(end);
        return end.Drained ? 0 : 1;
    }
}
