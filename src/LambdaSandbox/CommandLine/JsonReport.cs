using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using LambdaSandbox.Backend;
using LambdaSandbox.Serving;

namespace LambdaSandbox.CommandLine;

/// <summary>For programs: one document at the end. Durations are in milliseconds. docs/local.md describes the format.</summary>
/// <param name="view">The view whose telemetry becomes part of the document.</param>
internal class JsonReport(RunView? view) : IReport
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new Milliseconds() },
    };

    private readonly Lock sync = new();
    private readonly List<InvocationResult> invocations = [];
    private readonly SortedDictionary<int, JsonObject> environments = [];
    private readonly List<object> lines = [];
    private readonly List<string> notes = [];
    private readonly List<string> said = [];

    public void Note(string text)
    {
        lock (sync)
            notes.Add(text);
    }

    public void Line(int environment, string source, string text)
    {
        lock (sync)
            lines.Add(new { source, text, environment });
    }

    public void Starting(PooledEnvironment environment)
    {
    }

    public void Started(PooledEnvironment environment)
    {
        var sandbox = environment.Sandbox;
        lock (sync)
            environments[environment.Number] = new JsonObject
            {
                ["number"] = environment.Number,
                ["logStream"] = sandbox.LogStream,
                ["init"] = JsonSerializer.SerializeToNode(sandbox.Init, Json),
                ["extensions"] = new JsonArray([.. sandbox.Extensions.Select(each => new JsonObject
                {
                    ["name"] = each.Name, ["state"] = each.State, ["events"] = JsonSerializer.SerializeToNode(each.Events, Json),
                })]),
            };
    }

    public void Invoked(PooledEnvironment environment, InvocationResult result)
    {
        lock (sync)
            invocations.Add(result);
    }

    public void Ended(PooledEnvironment environment, ShutdownResult result)
    {
        lock (sync)
        {
            said.AddRange(environment.Sandbox.Extensions.SelectMany(extension => extension.Output));
            if (environments.TryGetValue(environment.Number, out var known))
                known["shutdown"] = JsonSerializer.SerializeToNode(result, Json);
        }
    }

    public void Finished(string? failure)
    {
        lock (sync)
        {
            var first = environments.Values.FirstOrDefault();
            var document = new JsonObject
            {
                ["init"] = first?["init"]?.DeepClone(),
                ["invocations"] = JsonSerializer.SerializeToNode(invocations, Json),
                ["shutdown"] = first?["shutdown"]?.DeepClone(),
                ["environments"] = new JsonArray([.. environments.Values]),
                ["lines"] = JsonSerializer.SerializeToNode(lines, Json),
                ["notes"] = JsonSerializer.SerializeToNode(notes, Json),
                ["exitCode"] = failure is null ? 0 : 1,
                ["failure"] = failure,
            };
            if (view?.Backend is { } backend)
            {
                document["telemetry"] = new JsonArray([.. TelemetryJson.ToJson(backend.Spans, backend.LogRecords, backend.Metrics)]);
                document["said"] = JsonSerializer.SerializeToNode(said, Json);
                document["ledger"] = JsonSerializer.SerializeToNode(environments.Count == 1 ? LedgerLine.Read(said) : [], Json);
            }

            Add(document);
            Console.Out.WriteLine(document.ToJsonString(Json));
        }
    }

    protected virtual void Add(JsonObject document)
    {
    }

    private sealed class Milliseconds : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            TimeSpan.FromMilliseconds(reader.GetDouble());

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(Math.Round(value.TotalMilliseconds, 3));
    }
}
