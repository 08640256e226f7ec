using System.CommandLine;
using System.Runtime.InteropServices;

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
        run.SetAction((parsed, cancellation) => RunAsync(options, parsed, cancellation));
        return new RootCommand("A local AWS Lambda: Runtime API, Extensions API, Telemetry API, freezing, limits") { run };
    }

    private static async Task<int> RunAsync(RunOptions options, ParseResult parsed, CancellationToken cancellation)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, stopping));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, stopping));
        try
        {
            var sandboxOptions = options.Read(parsed);
            IReport report = parsed.GetValue(options.Json) ? new JsonReport() : new TextReport();
            if (!parsed.GetValue(options.Quiet))
                sandboxOptions = sandboxOptions with { OnLine = report.Line };

            // A backend starts here, before the sandbox: its URL is OTEL_EXPORTER_OTLP_ENDPOINT unless one was given.
            return await RunAsync(sandboxOptions, parsed.GetValue(options.Invoke) ?? [], parsed.GetValue(options.Pause), report, stopping.Token);
        }
        catch (SandboxException e)
        {
            await Console.Error.WriteLineAsync($"lambda-sandbox: {e.Message}");
            return 2;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("lambda-sandbox: interrupted; all processes were ended");
            return 130;
        }
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

            // A renderer of what the backend got is called here.
            report.Invoked(result);
        }

        var end = await sandbox.ShutdownAsync(cancellation: cancellation);

        // And here, for what came at the end.
        report.Ended(end);
        return end.Drained ? 0 : 1;
    }

    private static void Stop(PosixSignalContext context, CancellationTokenSource stopping)
    {
        context.Cancel = true;
        stopping.Cancel();
    }
}
