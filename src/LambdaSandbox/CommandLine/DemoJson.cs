using System.Text.Json;
using System.Text.Json.Nodes;
using LambdaSandbox.Backend;

namespace LambdaSandbox.CommandLine;

/// <summary>The demo for programs: one document at the end.</summary>
internal sealed class DemoJson : IDemoReport
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };
    private readonly JsonArray _invocations = [];

    public void Started(Sandbox sandbox, OtlpBackend backend)
    {
    }

    public void Invoked(DemoStep step, InvocationResult result, OtlpBackend backend) => _invocations.Add(JsonSerializer.SerializeToNode(result, Json));

    public void Ended(ShutdownResult end, OtlpBackend backend, IReadOnlyList<string> said, IReadOnlyList<LedgerLine> ledger, IReadOnlyList<DemoCheck> checks) =>
        Console.Out.WriteLine(new JsonObject
        {
            ["invocations"] = _invocations,
            ["shutdown"] = JsonSerializer.SerializeToNode(end, Json),
            ["telemetry"] = new JsonArray([.. TelemetryJson.ToJson(backend.Spans, backend.LogRecords, backend.Metrics)]),
            ["said"] = JsonSerializer.SerializeToNode(said, Json),
            ["ledger"] = JsonSerializer.SerializeToNode(ledger, Json),
            ["checks"] = JsonSerializer.SerializeToNode(checks, Json),
        }.ToJsonString(Json));
}
