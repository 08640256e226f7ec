using LambdaSandbox;

namespace EndToEnd.Tests.Shaping;

/// <summary>What filters leave out is counted, and everything else arrives.</summary>
public sealed class FilterTests
{
    [Fact]
    public async Task Logs_are_left_out_by_rate_pattern_and_severity()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            null, ("TELEMETRY_EXTENSION_LOGS_DROP", @"^stored\sorder"), ("TELEMETRY_EXTENSION_LOGS_MIN_SEVERITY", "warn"), ("TELEMETRY_EXTENSION_LOGS_PER_SECOND", "100"),
            ("TELEMETRY_EXTENSION_PLATFORM_LOGS", "true"), ("TELEMETRY_EXTENSION_LOGS_REPORT_LINES", "false"));
        var result = await lambda.InvokeAsync("""{"logLines":1000,"logBytes":100}""");
        var outcome = await lambda.EndAsync();

        var bodies = outcome.LogsOf(result.RequestId).Select(log => log.Body.StringValue).ToList();
        Assert.DoesNotContain(bodies, body => body.StartsWith("stored order", StringComparison.Ordinal) || body is "payment charged" or "platform.report");
        // The lines are printed within a second or two.
        Assert.InRange(bodies.Count(body => body.StartsWith("load ", StringComparison.Ordinal)), 90, 400);
        Assert.Equal(outcome.Ledger.Logs.Received, outcome.Ledger.Logs.Exported + outcome.Ledger.Logs.Filtered);
    }

    [Fact]
    public async Task Metrics_are_left_out_by_name_those_of_the_functions_SDK_too()
    {
        var port = FreePort.Find();
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => FunctionSdkTests.Redirected(options, port),
            ("TELEMETRY_EXTENSION_METRICS_ALLOW", "faas.*,demo.*"), ("TELEMETRY_EXTENSION_METRICS_DENY", "faas.net_io,*.duration"), ("TELEMETRY_EXTENSION_METRICS_LEDGER", "false"));
        await lambda.InvokeAsync("""{"order":{"id":"1"}}""");
        var outcome = await lambda.EndAsync();

        var names = outcome.Metrics.Select(metric => metric.Name).ToHashSet();
        Assert.Superset(new HashSet<string> { "faas.invocations", "faas.invoke_duration", "demo.orders" }, names);
        Assert.DoesNotContain(names, name => name is "faas.net_io" or "demo.order.duration" || name.StartsWith("telemetry_extension.", StringComparison.Ordinal));
        Assert.True(outcome.Ledger.Metrics.Filtered > 0);
    }
}
