using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using LambdaSandbox.Serving;

namespace LambdaSandbox.CommandLine;

/// <summary>For programs that follow `serve`: one JSON object per line. Durations are in milliseconds. docs/local.md describes the format.</summary>
internal sealed class JsonLinesReport : IReport
{
    private static readonly JsonSerializerOptions Json = new(JsonReport.Json) { WriteIndented = false, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly Lock sync = new();

    public void Note(string text) => Write("note", null, new JsonObject { ["text"] = text });

    public void Line(int environment, string source, string text) =>
        Write("line", environment, new JsonObject { ["source"] = source, ["text"] = text });

    public void Starting(PooledEnvironment environment) => Write("starting", environment.Number, new JsonObject
    {
        ["runtimeApi"] = environment.Sandbox.RuntimeApi,
        ["logStream"] = environment.Sandbox.LogStream,
    });

    public void Started(PooledEnvironment environment) => Write("started", environment.Number, new JsonObject
    {
        ["init"] = JsonSerializer.SerializeToNode(environment.Sandbox.Init, Json),
    });

    public void Invoked(PooledEnvironment environment, InvocationResult result) => Write("invoked", environment.Number, new JsonObject
    {
        ["invocation"] = JsonSerializer.SerializeToNode(result, Json),
    });

    public void Ended(PooledEnvironment environment, ShutdownResult result) => Write("ended", environment.Number, new JsonObject
    {
        ["shutdown"] = JsonSerializer.SerializeToNode(result, Json),
    });

    public void Finished(string? failure) => Write("finished", null, new JsonObject { ["failure"] = failure });

    private void Write(string type, int? environment, JsonObject content)
    {
        content.Insert(0, "event", type);
        content.Insert(1, "time", DateTimeOffset.UtcNow.ToString("O"));
        if (environment is { } number)
            content.Insert(2, "environment", number);
        lock (sync)
        {
            Console.Out.WriteLine(content.ToJsonString(Json));
            Console.Out.Flush();
        }
    }
}
