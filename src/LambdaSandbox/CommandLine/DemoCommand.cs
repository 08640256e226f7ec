using System.CommandLine;
using LambdaSandbox.Backend;

namespace LambdaSandbox.CommandLine;

/// <summary>
/// `lambda-sandbox demo`: an OTLP backend, the layer and the demo function; a cold, a warm and a failing invocation with everything frozen in
/// between, then SHUTDOWN. Shows what arrived, checks that all of it did, and ends with 0 only then.
/// </summary>
internal static class DemoCommand
{
    private static readonly DemoStep[] Steps =
    [
        new("cold start", """{"order":{"id":"1001","items":2}}""", "success"),
        new("warm", """{"order":{"id":"1002"},"sleepMs":40}""", "success"),
        new("failing", """{"order":{"id":"13","fail":true}}""", "error"),
    ];

    public static Command Create()
    {
        var layer = new Option<string>("--layer") { Description = "The layer's zip", Required = true };
        var function = new Option<string>("--function") { Description = "The demo function's zip", Required = true };
        var pause = new Option<double>("--pause") { Description = "Seconds between invocations, everything frozen", DefaultValueFactory = _ => 2 };
        var json = new Option<bool>("--json") { Description = "One JSON document instead of text" };
        var command = new Command("demo", "Shows the layer at work: traces, logs and metrics of three invocations") { layer, function, pause, json };
        command.SetAction((parsed, cancellation) => Interruptible.RunAsync(
            stopping => RunAsync(
                parsed.GetValue(layer)!, parsed.GetValue(function)!, TimeSpan.FromSeconds(parsed.GetValue(pause)),
                parsed.GetValue(json) ? new DemoJson() : new DemoText(), stopping),
            cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string layer, string function, TimeSpan pause, IDemoReport report, CancellationToken cancellation)
    {
        await using var backend = await OtlpBackend.StartAsync(new OtlpBackendOptions(), cancellation);
        var receiverPort = FreePort.Find();
        await using var sandbox = await Sandbox.StartAsync(
            new SandboxOptions
            {
                LayerZip = layer,
                FunctionZip = function,
                FunctionName = "order-processing",
                MemorySizeMb = 256,
                Timeout = TimeSpan.FromSeconds(10),
                Tracing = TracingMode.Active,
                Environment = new Dictionary<string, string>
                {
                    // What a user sets: where telemetry goes. The wrapper points the function's own SDK at the extension instead.
                    ["OTEL_EXPORTER_OTLP_ENDPOINT"] = backend.HttpUrl.ToString(),
                    ["OTEL_EXPORTER_OTLP_COMPRESSION"] = "gzip",
                    ["AWS_LAMBDA_EXEC_WRAPPER"] = "/opt/telemetry-wrapper",
                    ["DEMO_OTEL"] = "true",
                    // Only because something else may use these ports on this machine; in Lambda the environment is ours alone.
                    ["TELEMETRY_EXTENSION_OTLP_HTTP_PORT"] = receiverPort.ToString(System.Globalization.CultureInfo.InvariantCulture),
                    ["TELEMETRY_EXTENSION_OTLP_GRPC_PORT"] = "0",
                },
            },
            cancellation);
        report.Started(sandbox, backend);
        var results = new List<InvocationResult>();
        foreach (var step in Steps)
        {
            if (results.Count > 0)
                await Task.Delay(pause, cancellation);
            var result = await sandbox.InvokeAsync(step.Payload, cancellation);
            results.Add(result);
            report.Invoked(step, result, backend);
        }

        var extensions = sandbox.Extensions;
        var end = await sandbox.ShutdownAsync(cancellation: cancellation);
        var said = extensions.SelectMany(extension => extension.Output).ToList();
        var ledger = LedgerLine.Read(said);
        var checks = DemoChecks.Make(Steps, results, end, ledger, backend, pause);
        report.Ended(end, backend, said, ledger, checks);
        return checks.All(check => check.Passed) ? 0 : 1;
    }
}

/// <param name="Status">The status that Lambda is to report.</param>
internal sealed record DemoStep(string Title, string Payload, string Status);
