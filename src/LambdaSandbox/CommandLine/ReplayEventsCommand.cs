using System.CommandLine;
using LambdaSandbox.Backend;
using LambdaSandbox.Replay;

namespace LambdaSandbox.CommandLine;

/// <summary>`lambda-sandbox replay-events`: replays a recorded Telemetry API stream to an extension.</summary>
internal static class ReplayEventsCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "Events {time, type, record}: one per line, or arrays of them; `run --record` writes such a file" };
        var layer = new Option<string[]>("--layer") { Description = "A layer with the extension: a zip, or an unpacked folder; may be repeated", Required = true };
        var env = new Option<string[]>("--env") { Description = "A variable, NAME=value; may be repeated" };
        var pace = new Option<double>("--pace") { Description = "1: as recorded; 10: ten times as fast; 0: without pauses", DefaultValueFactory = _ => 0 };
        var view = new Option<bool>("--view") { Description = "Send the extension's telemetry to a built-in backend, and show it" };
        var json = new Option<bool>("--json") { Description = "One JSON document instead of text" };
        var mounts = FunctionOptions.Choice("--private-mounts", "Own /tmp and /opt", "auto", "on", "off");
        var command = new Command("replay-events", "Replays a recorded Telemetry API stream to an extension") { file, layer, env, pace, view, json, mounts };
        command.SetAction((parsed, cancellation) => Interruptible.RunAsync(
            async stopping =>
            {
                List<string> notes = [];
                var events = RecordedEvents.Read(parsed.GetValue(file)!);
                var options = new SandboxOptions
                {
                    Layers = [.. parsed.GetValue(layer)!.Select(Existing)],
                    Environment = FunctionOptions.Variables(parsed.GetValue(env) ?? []),
                    PrivateMounts = PrivateMounts.Choose(parsed.GetValue(mounts)!, [], notes),
                };
                await using var shown = parsed.GetValue(view) ? await RunView.StartAsync(options, stopping) : null;
                options = EnvironmentPorts.For(options).Assign(shown?.Options ?? options);
                return await RunAsync(options, events, parsed.GetValue(pace), notes, shown, parsed.GetValue(json), stopping);
            },
            cancellation));
        return command;
    }

    private static async Task<int> RunAsync(
        SandboxOptions options, IReadOnlyList<RecordedEvent> events, double pace, List<string> notes, RunView? view, bool json, CancellationToken cancellation)
    {
        var outcome = await EventPlayer.PlayAsync(options, events, pace, json ? null : (source, text) => Console.Out.WriteLine($"  {source,-20} | {text}"), cancellation);
        if (json)
        {
            Console.Out.WriteLine(System.Text.Json.JsonSerializer.SerializeToNode(
                new { notes, outcome.Init, outcome.Events, outcome.Invocations, outcome.Shutdown, outcome.Output }, JsonReport.Json)!.ToJsonString(JsonReport.Json));
        }
        else
        {
            foreach (var note in notes)
                Console.Out.WriteLine($"note: {note}");
            Console.Out.WriteLine($"init {outcome.Init.Status}{(outcome.Init.Reason is { } reason ? $": {reason}" : "")}");
            Console.Out.WriteLine($"played {outcome.Events} events of {outcome.Invocations} invocations; shutdown {(outcome.Shutdown?.Drained ?? false ? "drained" : "NOT drained")}");
            if (view is not null)
                TelemetryRenderer.Write(new DemoConsole().Console, view.Backend.Spans, view.Backend.LogRecords, view.Backend.Metrics);
        }

        return outcome is { Init.Succeeded: true, Shutdown.Drained: true } ? 0 : 1;
    }

    private static string Existing(string layer) =>
        File.Exists(layer) || Directory.Exists(layer) ? layer : throw new SandboxException($"--layer: {layer} does not exist");
}
