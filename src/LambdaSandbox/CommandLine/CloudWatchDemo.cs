using System.Text.Json;
using System.Text.Json.Nodes;
using LambdaSandbox.CloudWatch;

namespace LambdaSandbox.CommandLine;

/// <summary>The demo without an OTLP backend: log records, spans and metrics go to a local CloudWatch Logs and are read from there.</summary>
internal static class CloudWatchDemo
{
    private const string Group = "/otel/order-processing";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static async Task<int> RunAsync(DemoScenario scenario, bool json, CancellationToken cancellation)
    {
        await using var server = await CloudWatchLogsServer.StartAsync(cancellation);
        await using var sandbox = await scenario.StartAsync(
            new Dictionary<string, string>
            {
                // A user sets these too, except the endpoint, which is needed because this is not AWS.
                ["TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP"] = "/otel/{function}",
                ["TELEMETRY_EXTENSION_CLOUDWATCH_SPANS"] = "true",
                ["AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"] = server.Url.ToString(),
            },
            cancellation);
        var text = json ? null : new CloudWatchDemoText();
        text?.Started(sandbox, server.Url, Group);
        var results = await scenario.InvokeAsync(
            sandbox, async (step, result) => text?.Invoked(step, result, await EventsAsync(server, cancellation)), cancellation);
        var extensions = sandbox.Extensions;
        var end = await sandbox.ShutdownAsync(cancellation: cancellation);
        var said = extensions.SelectMany(extension => extension.Output).ToList();
        var ledger = LedgerLine.Read(said);
        var events = await EventsAsync(server, cancellation);
        var checks = CloudWatchChecks.Make(results, end, ledger, events, sandbox.LogStream);
        text?.Ended(end, events, said, ledger, checks);
        if (json)
            Console.Out.WriteLine(new JsonObject
            {
                ["invocations"] = JsonSerializer.SerializeToNode(results, Json),
                ["shutdown"] = JsonSerializer.SerializeToNode(end, Json),
                ["events"] = new JsonArray([.. events.Select(each => each.Body.DeepClone())]),
                ["said"] = JsonSerializer.SerializeToNode(said, Json),
                ["ledger"] = JsonSerializer.SerializeToNode(ledger, Json),
                ["checks"] = JsonSerializer.SerializeToNode(checks, Json),
            }.ToJsonString(Json));
        return checks.All(check => check.Passed) ? 0 : 1;
    }

    private static async Task<IReadOnlyList<CloudWatchEvent>> EventsAsync(CloudWatchLogsServer server, CancellationToken cancellation) =>
        [.. (await server.Logs.EventsAsync(Group, cancellationToken: cancellation)).Select(CloudWatchEvent.Read)];
}

/// <summary>A parsed log event of the extension.</summary>
internal sealed record CloudWatchEvent(string Stream, DateTimeOffset Time, JsonObject Body)
{
    public bool IsMetric => Body.ContainsKey("_aws");

    public bool IsSpan => Body.ContainsKey("durationMs");

    public string? TraceId => (string?)Body["traceId"];

    /// <summary>Name, unit and value (a number, or a summary of several) of the metrics in a line of Embedded Metric Format.</summary>
    public IEnumerable<(string Name, string Unit, string Value)> Metrics =>
        Body["_aws"]?["CloudWatchMetrics"]?[0]?[nameof(Metrics)]?.AsArray()
            .Select(metric => ((string)metric!["Name"]!, (string?)metric["Unit"] ?? "", Body[(string)metric["Name"]!]?.ToJsonString() ?? "")) ?? [];

    public static CloudWatchEvent Read(StoredLogEvent stored) => new(stored.Stream, stored.Time, JsonNode.Parse(stored.Message)!.AsObject());

    /// <summary>The spans and log records of this invocation's trace.</summary>
    public static IEnumerable<CloudWatchEvent> Of(InvocationResult result, IReadOnlyList<CloudWatchEvent> events) =>
        events.FirstOrDefault(each =>
            each.IsSpan && (string?)each.Body["kind"] == "SERVER" && (string?)each.Body["attributes"]?["faas.invocation_id"] == result.RequestId) is { } root
            ? events.Where(each => each.TraceId == root.TraceId)
            : [];
}
