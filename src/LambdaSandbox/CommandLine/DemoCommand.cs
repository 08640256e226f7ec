using System.CommandLine;
using LambdaSandbox.Backend;

namespace LambdaSandbox.CommandLine;

/// <summary>
/// `lambda-sandbox demo`: the layer and the demo function, and what telemetry is sent to. Shows what arrived, checks that all of it did, and ends
/// with 0 only then.
/// </summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var layer = new Option<string>("--layer") { Description = "The layer's zip", Required = true };
        var function = new Option<string>("--function") { Description = "The demo function's zip", Required = true };
        var destination = new Option<string>("--destination") { Description = "Where telemetry goes: otlp, or cloudwatch (needs moto)", DefaultValueFactory = _ => "otlp" };
        destination.AcceptOnlyFromAmong("otlp", "cloudwatch");
        var pause = new Option<double>("--pause") { Description = "Seconds between invocations, everything frozen", DefaultValueFactory = _ => 2 };
        var json = new Option<bool>("--json") { Description = "One JSON document instead of text" };
        var command = new Command("demo", "Shows the layer at work: traces, logs and metrics of three invocations") { layer, function, destination, pause, json };
        command.SetAction((parsed, cancellation) => Interruptible.RunAsync(
            stopping =>
            {
                var scenario = new DemoScenario(parsed.GetValue(layer)!, parsed.GetValue(function)!, TimeSpan.FromSeconds(parsed.GetValue(pause)));
                return parsed.GetValue(destination) == "cloudwatch"
                    ? CloudWatchDemo.RunAsync(scenario, parsed.GetValue(json), stopping)
                    : RunAsync(scenario, parsed.GetValue(json) ? new DemoJson() : new DemoText(), stopping);
            },
            cancellation));
        return command;
    }

    private static async Task<int> RunAsync(DemoScenario scenario, IDemoReport report, CancellationToken cancellation)
    {
        await using var backend = await OtlpBackend.StartAsync(new OtlpBackendOptions(), cancellation);
        await using var sandbox = await scenario.StartAsync(
            new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = backend.HttpUrl, ["OTEL_EXPORTER_OTLP_COMPRESSION"] = "gzip" }, cancellation);
        report.Started(sandbox, backend);
        var results = await scenario.InvokeAsync(
            sandbox,
            (step, result) =>
            {
                report.Invoked(step, result, backend);
                return Task.CompletedTask;
            },
            cancellation);
        var extensions = sandbox.Extensions;
        var end = await sandbox.ShutdownAsync(cancellation: cancellation);
        var said = extensions.SelectMany(extension => extension.Output).ToList();
        var ledger = LedgerLine.Read(said);
        var checks = DemoChecks.Make(DemoScenario.Steps, results, end, ledger, backend, scenario.Pause);
        report.Ended(end, backend, said, ledger, checks);
        return checks.All(check => check.Passed) ? 0 : 1;
    }
}
