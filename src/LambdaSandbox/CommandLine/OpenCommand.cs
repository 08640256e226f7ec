using System.CommandLine;
using Google.Protobuf;
using LambdaSandbox.Backend;
using LambdaSandbox.View;

namespace LambdaSandbox.CommandLine;

/// <summary>`lambda-sandbox open`: shows telemetry from files, in the terminal or on the page.</summary>
internal static class OpenCommand
{
    public static Command Create()
    {
        var files = new Argument<string[]>("FILE") { Description = "OTLP JSON, as `run --export` or a collector's file exporter writes it", Arity = ArgumentArity.OneOrMore };
        var json = new Option<bool>("--json") { Description = "One JSON document instead of text" };
        var page = new Option<bool>("--page") { Description = "On the page, until Ctrl-C" };
        var command = new Command("open", "Shows telemetry that was kept in a file") { files, json, page };
        command.SetAction((parsed, cancellation) => Interruptible.RunAsync(
            stopping => RunAsync(parsed.GetValue(files)!, parsed.GetValue(json), parsed.GetValue(page), stopping), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string[] files, bool json, bool page, CancellationToken cancellation)
    {
        var messages = files.SelectMany(OtlpFile.Read).ToList();
        await using var view = await RunView.StartAsync(new SandboxOptions(), cancellation);
        var reason = page ? await view.ShowPageAsync(0, Console.Error.WriteLine, cancellation) : null;
        if (reason is not null)
            await Console.Error.WriteLineAsync($"no page: {reason}");
        using var http = new HttpClient();
        foreach (var (signal, message) in messages)
        {
            using var content = new ByteArrayContent(message.ToByteArray());
            content.Headers.ContentType = new("application/x-protobuf");
            using var answer = await http.PostAsync(new Uri($"{view.Backend.HttpUrl}/v1/{signal.ToString().ToLowerInvariant()}"), content, cancellation);
            answer.EnsureSuccessStatusCode();
        }

        var backend = view.Backend;
        if (json)
        {
            Console.Out.WriteLine(new System.Text.Json.Nodes.JsonObject
            {
                ["telemetry"] = new System.Text.Json.Nodes.JsonArray([.. TelemetryJson.ToJson(backend.Spans, backend.LogRecords, backend.Metrics)]),
            }.ToJsonString(JsonReport.Json));
        }
        else if (view.Page is null)
        {
            TelemetryRenderer.Write(new DemoConsole().Console, backend.Spans, backend.LogRecords, backend.Metrics);
        }

        if (view.Page is not { } shown)
            return 0;
        Console.Out.WriteLine($"page: {shown.Url}");
        await Task.Delay(Timeout.Infinite, cancellation).ContinueWith(_ => { }, TaskScheduler.Default);
        return 0;
    }
}
