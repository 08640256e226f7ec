using LambdaSandbox;

namespace EndToEnd.Tests;

public sealed class SettingsTests
{
    private const string Garbage = "¡garbage!";

    /// <summary>Every setting with a format, given a value in the wrong format.</summary>
    private static readonly string[] Names =
    [
        "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_COMPRESSION",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "OTEL_EXPORTER_OTLP_LOGS_HEADERS", "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT",
        "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "OTEL_RESOURCE_ATTRIBUTES",
        "TELEMETRY_EXTENSION_TELEMETRY_PORT", "TELEMETRY_EXTENSION_FOLLOW_XRAY_SAMPLING", "TELEMETRY_EXTENSION_OTLP_RECEIVER",
        "TELEMETRY_EXTENSION_OTLP_RECEIVER_ADDRESS", "TELEMETRY_EXTENSION_OTLP_HTTP_PORT", "TELEMETRY_EXTENSION_OTLP_GRPC_PORT",
        "TELEMETRY_EXTENSION_OTLP_IN_FLIGHT_BYTES", "TELEMETRY_EXTENSION_OTLP_MAX_REQUEST_BYTES", "TELEMETRY_EXTENSION_OTLP_ENRICH_RESOURCE",
        "TELEMETRY_EXTENSION_BUFFER_ITEMS", "TELEMETRY_EXTENSION_BUFFER_BYTES", "TELEMETRY_EXTENSION_FLUSH_STRATEGY",
        "TELEMETRY_EXTENSION_FLUSH_INTERVAL", "TELEMETRY_EXTENSION_FLUSH_BUDGET_MS", "TELEMETRY_EXTENSION_FLUSH_STALENESS",
        "TELEMETRY_EXTENSION_OUTBOX_MAX_BYTES", "TELEMETRY_EXTENSION_SPOOL_MAX_BYTES", "TELEMETRY_EXTENSION_MAX_AGE_SECONDS",
        "TELEMETRY_EXTENSION_MAX_ATTEMPTS", "TELEMETRY_EXTENSION_MAX_REQUEST_BYTES",
        "TELEMETRY_EXTENSION_TRACES_SAMPLER", "TELEMETRY_EXTENSION_TRACES_SAMPLER_ARG", "TELEMETRY_EXTENSION_TRACES_KEEP",
        "TELEMETRY_EXTENSION_TRACES_KEEP_SLOW", "TELEMETRY_EXTENSION_SAMPLE_LOGS", "TELEMETRY_EXTENSION_LOGS_MIN_SEVERITY",
        "TELEMETRY_EXTENSION_LOGS_PER_SECOND", "TELEMETRY_EXTENSION_LOGS_REPORT_LINES", "TELEMETRY_EXTENSION_METRICS_LEDGER",
        "TELEMETRY_EXTENSION_METRICS_LEDGER_NAMES",
        "TELEMETRY_EXTENSION_REDACT", "TELEMETRY_EXTENSION_ATTRIBUTES",
    ];

    [Fact]
    public async Task Every_setting_that_cannot_be_used_is_named_in_one_line_and_the_function_works()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(null, [.. Names.Select(name => (name, (string?)Garbage))]);
        await lambda.InvokeAsync("""{"order":{"id":"1"}}""");
        await lambda.InvokeAsync("""{"order":{"id":"2"}}""");
        var outcome = await lambda.EndAsync();

        Assert.All(Names, name => Assert.True(
            outcome.Said.Count(line => line.Split(' ', '=').Contains(name)) == 1, $"not one line about {name} in:\n{string.Join('\n', outcome.Said)}"));
        // Headers and endpoints may contain keys and passwords.
        Assert.DoesNotContain(outcome.Said, line => line.Contains(Garbage, StringComparison.Ordinal) && (line.Contains("HEADERS", StringComparison.Ordinal)
            || line.Contains("ENDPOINT", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Empty_settings_are_no_settings()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            null,
            [.. Names.Where(name => !name.EndsWith("_PORT", StringComparison.Ordinal))
                .Select(name => (name, (string?)""))]);
        var result = await lambda.InvokeAsync("""{"order":{"id":"1"}}""");
        var outcome = await lambda.EndAsync();

        Assert.Empty(outcome.Said);
        Assert.False(outcome.Invocation(result).IsError());
    }

    [Fact]
    public async Task Name_and_attributes_of_the_OTEL_settings_win()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            null, ("OTEL_SERVICE_NAME", "checkout"), ("OTEL_RESOURCE_ATTRIBUTES", "service.name=loser,deployment.environment.name=pre%20prod,cloud.region=mars"));
        await lambda.InvokeAsync("""{"order":{"id":"1"}}""");
        var outcome = await lambda.EndAsync();

        var resource = Assert.Single(outcome.Received.Select(span => span.Resource).Distinct());
        Assert.Equal(
            ("checkout", "pre prod", "mars", "orders"),
            (resource.Text("service.name"), resource.Text("deployment.environment.name"), resource.Text("cloud.region"), resource.Text("faas.name")));
        Assert.Equal("orders", outcome.Spans.Single(span => span.Text("faas.invocation_id") is not null).Name);
    }

    [Fact]
    public async Task Following_the_sampling_of_XRay_drops_and_counts_the_spans_of_unsampled_requests()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(null, ("TELEMETRY_EXTENSION_FOLLOW_XRAY_SAMPLING", "true"));
        const string Root = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=";
        var unsampled = await lambda.InvokeAsync("""{"order":{"id":"1"}}""", new InvokeOptions { TraceHeader = Root + "0" });
        var sampled = await lambda.InvokeAsync("""{"order":{"id":"2"}}""", new InvokeOptions { TraceHeader = Root + "1" });
        var outcome = await lambda.EndAsync();

        Assert.False(outcome.Invocation(sampled).IsError());
        Assert.DoesNotContain(outcome.Spans, span => span.Text("faas.invocation_id") == unsampled.RequestId);
        Assert.True(outcome.Ledger.Traces.DroppedFor("unsampled") > 0);
        Assert.Equal(3, outcome.LogsOf(unsampled.RequestId).Count);
    }
}
