using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using LambdaSandbox.Serving;

namespace LambdaSandbox.CommandLine;

/// <summary>
/// `lambda-sandbox demo`: like `run --view`, with the layer, the demo function and its three events. Checks that everything arrived, and exits 0 only then.
/// </summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var layer = new Option<string>("--layer") { Description = "The layer's zip", Required = true };
        var function = new Option<string>("--function") { Description = "The demo function's zip", Required = true };
        var destination = new Option<string>("--destination") { Description = "Where telemetry goes: otlp, or cloudwatch (needs moto)", DefaultValueFactory = _ => "otlp" };
        destination.AcceptOnlyFromAmong("otlp", "cloudwatch");
        var pause = Durations.Option("--pause", "Between invocations, everything frozen", "2s");
        var json = new Option<bool>("--json") { Description = "One JSON document instead of text" };
        var command = new Command("demo", "Shows the layer at work: traces, logs and metrics of three invocations") { layer, function, destination, pause, json };
        command.SetAction((parsed, cancellation) => Interruptible.RunAsync(
            stopping =>
            {
                var scenario = new DemoScenario(parsed.GetValue(layer)!, parsed.GetValue(function)!, parsed.GetValue(pause));
                return parsed.GetValue(destination) == "cloudwatch"
                    ? CloudWatchDemo.RunAsync(scenario, parsed.GetValue(json), stopping)
                    : RunAsync(scenario, parsed.GetValue(json), stopping);
            },
            cancellation));
        return command;
    }

    private static async Task<int> RunAsync(DemoScenario scenario, bool json, CancellationToken cancellation)
    {
        await using var view = await RunView.StartAsync(
            scenario.Options(new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_COMPRESSION"] = "gzip" }), cancellation);
        var outcome = new DemoOutcome(scenario, view);
        IReport report = json ? new DemoJson(view, outcome) : new DemoView(view, outcome);
        await RunCommand.RunAsync(view.Options, [], scenario.Plan, new Reports([outcome, report]), cancellation);
        report.Finished(null);
        return outcome.Checks.All(check => check.Passed) ? 0 : 1;
    }

    /// <summary>Collects the input of the checks.</summary>
    private sealed class DemoOutcome(DemoScenario scenario, RunView view) : IReport
    {
        private readonly List<InvocationResult> results = [];
        private IReadOnlyList<LedgerLine> ledger = [];
        private ShutdownResult? end;

        public IReadOnlyList<DemoCheck> Checks => field ??= DemoChecks.Make(DemoScenario.Steps, results, end!, ledger, view.Backend, scenario.Pause);

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

        public void Invoked(PooledEnvironment environment, InvocationResult result) => results.Add(result);

        public void Ended(PooledEnvironment environment, ShutdownResult result)
        {
            end = result;
            ledger = LedgerLine.Read(environment.Sandbox.Extensions.SelectMany(extension => extension.Output));
        }

        public void Finished(string? failure)
        {
        }
    }

    private sealed class DemoView(RunView view, DemoOutcome outcome) : ViewReport(view)
    {
        private int next;

        protected override (string Title, string? Payload) Describe(InvocationResult result)
        {
            var step = DemoScenario.Steps[next++];
            return (step.Title, step.Payload);
        }

        protected override void Conclude(IReadOnlyList<LedgerLine> ledger) => Demo.Ended(ledger, outcome.Checks);
    }

    private sealed class DemoJson(RunView view, DemoOutcome outcome) : JsonReport(view)
    {
        protected override void Add(JsonObject document) => document["checks"] = JsonSerializer.SerializeToNode(outcome.Checks, Json);
    }
}
