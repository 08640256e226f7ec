using System.Text.Json.Nodes;
using LambdaSandbox;
using LambdaSandbox.CloudWatch;
using OpenTelemetry.Proto.Logs.V1;

namespace EndToEnd.Tests.CloudWatch;

/// <summary>CloudWatch Logs as a destination, beside an OTLP backend that must get the same.</summary>
[Collection(CloudWatchCollection.Name)]
public sealed class CloudWatchDestinationTests(LocalCloudWatch cloudWatch)
{
    private readonly string _group = $"/otel/{Guid.NewGuid():N}";

    [Fact]
    public async Task Logs_spans_and_metrics_arrive_as_they_do_at_a_backend()
    {
        var port = FreePort.Find();
        await using var lambda = await StartAsync(
            ("TELEMETRY_EXTENSION_CLOUDWATCH_SPANS", "true"), ("DEMO_OTEL", "true"), ("AWS_LAMBDA_EXEC_WRAPPER", "/opt/telemetry-wrapper"),
            ("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", port));
        await lambda.InvokeAsync("""{"order":{"id":"1"}}""");
        await lambda.InvokeToErrorAsync("""{"order":{"id":"13","fail":true}}""", "Function.PaymentDeclined");
        await lambda.InvokeAsync("""{"order":{"id":"2"},"stderr":"ein Wört ☂"}""");
        var outcome = await lambda.EndAsync();

        Assert.Empty(outcome.Said);
        Assert.All(outcome.Ledger.Accounts, account => Assert.Equal((0, 0), (account.Account.Dropped, account.Account.Rejected)));
        var events = await EventsAsync();
        Assert.All(events, logEvent => Assert.Equal(lambda.Sandbox.LogStream, logEvent.Stream));
        var json = events.Select(logEvent => JsonNode.Parse(logEvent.Message)!.AsObject()).ToList();

        Assert.Equal(outcome.Logs.Select(Key).Order(), json.Where(IsLog).Select(LogKey).Order());
        Assert.Equal(
            outcome.Spans.Select(span => $"{span.TraceId.Hex()} {span.SpanId.Hex()} {span.ParentSpanId.Hex()} {span.Name} {span.IsError()}").Order(),
            json.Where(IsSpan).Select(span => $"{span["traceId"]} {span["spanId"]} {span["parentSpanId"]} {span["name"]} {(string?)span["status"] == "ERROR"}").Order());
        CheckMetrics(outcome, json.Where(IsEmf).ToList());
        Assert.Equal(json.Count, json.Count(IsLog) + json.Count(IsSpan) + json.Count(IsEmf));
    }

    [Fact]
    public async Task A_group_that_is_deleted_meanwhile_is_made_again()
    {
        await using var lambda = await StartAsync(("TELEMETRY_EXTENSION_FLUSH_STRATEGY", "end"), ("TELEMETRY_EXTENSION_FLUSH_BUDGET_MS", "5000"));
        await lambda.InvokeAsync("""{"order":{"id":"1"}}""");
        Assert.NotEmpty(await EventsAsync());
        await cloudWatch.Server.Logs.DeleteGroupAsync(_group, cancellationToken: TestContext.Current.CancellationToken);
        var second = await lambda.InvokeAsync("""{"order":{"id":"2"}}""");
        var outcome = await lambda.EndAsync();

        Assert.Equal(0, outcome.Ledger.Logs.Dropped + outcome.Ledger.Logs.DeadLettered);
        Assert.Equal(3, (await EventsAsync()).Count(logEvent => logEvent.Message.Contains("\"body\":", StringComparison.Ordinal)
            && logEvent.Message.Contains(second.RequestId, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Lines_beyond_the_size_of_an_event_arrive_shortened_and_say_so()
    {
        await using var lambda = await StartAsync(("TELEMETRY_EXTENSION_CLOUDWATCH_MAX_EVENT_BYTES", "2000"));
        await lambda.InvokeAsync("""{"logLines":50,"logBytes":5000}""");
        var outcome = await lambda.EndAsync();

        Assert.Equal(0, outcome.Ledger.Logs.Dropped + outcome.Ledger.Logs.Rejected);
        var events = await EventsAsync();
        var shortened = events.Where(logEvent => logEvent.Message.Contains("truncatedFromBytes", StringComparison.Ordinal)).ToList();
        Assert.Equal(50, shortened.Count);
        Assert.All(shortened, logEvent => Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(logEvent.Message), 1000, 2000));
        Assert.Equal(outcome.Logs.Count, events.Count(logEvent => IsLog(JsonNode.Parse(logEvent.Message)!.AsObject())));
    }

    [Fact]
    public async Task Metrics_by_stdout_need_no_connection()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(null, ("TELEMETRY_EXTENSION_EMF", "stdout"), ("TELEMETRY_EXTENSION_EMF_NAMESPACE", "Shop"));
        await lambda.InvokeAsync("""{"order":{"id":"1"}}""");
        var outcome = await lambda.EndAsync();

        var lines = outcome.Said.Where(EmbeddedMetrics.Is).Select(line => JsonNode.Parse(line)!.AsObject()).ToList();
        Assert.Equal(outcome.Said.Count, lines.Count);
        Assert.All(lines, line => Assert.Equal("Shop", (string?)line["_aws"]!["CloudWatchMetrics"]![0]!["Namespace"]));
        CheckMetrics(outcome, lines);
    }

    [Fact]
    public async Task Credentials_of_a_restored_snapshot_come_from_the_container_endpoint()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { InitializationType = InitializationType.SnapStart }, Settings());
        await lambda.InvokeAsync("""{"order":{"id":"1"}}""");
        var outcome = await lambda.EndAsync();

        Assert.Equal(0, outcome.Ledger.Logs.Dropped + outcome.Ledger.Logs.DeadLettered);
        Assert.Equal(outcome.Logs.Select(Key).Order(), (await EventsAsync()).Select(logEvent => JsonNode.Parse(logEvent.Message)!.AsObject()).Where(IsLog).Select(LogKey).Order());
    }

    private static bool IsLog(JsonObject json) => json.ContainsKey("body");

    private static bool IsSpan(JsonObject json) => json.ContainsKey("durationMs");

    private static bool IsEmf(JsonObject json) => json.ContainsKey("_aws");

    private static string Key(LogRecord log) => $"{log.TimeUnixNano % 1_000_000_000:D9} {log.TraceId.Hex()} {log.SpanId.Hex()} {log.SeverityText} {log.Body?.StringValue}";

    private static string LogKey(JsonObject log)
    {
        var body = log["body"] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
        return $"{((string)log["time"]!)[20..29]} {log["traceId"]} {log["spanId"]} {log["severityText"]} {body}";
    }

    /// <summary>The same metrics, each with a value in the line and a filled dimension.</summary>
    private static void CheckMetrics(Outcome outcome, List<JsonObject> lines)
    {
        Assert.Equal(
            outcome.Metrics.Select(metric => metric.Name).Distinct().Order(),
            lines.SelectMany(Names).Distinct().Order());
        Assert.Contains("faas.invoke_duration", lines.SelectMany(Names));
        Assert.All(lines, line =>
        {
            var directive = line["_aws"]!["CloudWatchMetrics"]![0]!;
            // The function's own SDK does not name its function, but the extension does.
            Assert.Equal("orders", (string?)line["faas.name"]);
            // There is one set: the function's name and the attributes of the data point, each with a value in the line.
            var dimensions = Assert.Single(directive["Dimensions"]!.AsArray())!.AsArray().Select(name => (string)name!).ToList();
            Assert.Contains("faas.name", dimensions);
            Assert.All(dimensions, name => Assert.NotNull(line[name]));
            Assert.All(Names(line), name => Assert.NotNull(line[name]));
        });
    }

    private static IEnumerable<string> Names(JsonObject line) => line["_aws"]!["CloudWatchMetrics"]![0]!["Metrics"]!.AsArray().Select(metric => (string)metric!["Name"]!);

    private (string, string?)[] Settings(params (string, string?)[] more) =>
    [
        ("TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP", _group),
        ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", cloudWatch.Url.ToString()),
        .. more,
    ];

    private Task<LambdaUnderTest> StartAsync(params (string, string?)[] more) => LambdaUnderTest.StartAsync(null, Settings(more));

    private Task<IReadOnlyList<StoredLogEvent>> EventsAsync() => cloudWatch.EventsAsync(_group);
}
