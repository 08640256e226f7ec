using LambdaSandbox.Backend;
using LambdaSandbox.CommandLine;
using LambdaSandbox.Tests.Backend;
using OpenTelemetry.Proto.Metrics.V1;
using Spectre.Console;

namespace LambdaSandbox.Tests.CommandLine;

public sealed class DemoTests
{
    [Fact]
    public void Redirected_MetricsTable_IsPlainTextWithWholeNamesInOneLineEach()
    {
        const string name = "telemetry_extension.environment.file_descriptors";
        var metric = Sample.Metrics[0].Metric.Clone();
        metric.Name = name;
        using var output = new StringWriter();

        var console = DemoConsole.Redirected(output);
        console.Write(TelemetryRenderer.MetricsTable([.. Sample.Metrics, new ReceivedMetric(metric, Sample.Metrics[0].Resource, Sample.Metrics[0].Scope)]));
        console.MarkupLine("[red]FAILED[/]");

        Assert.DoesNotContain('\u001b', output.ToString());
        Assert.Contains(name, output.ToString(), StringComparison.Ordinal);
        var histogram = Assert.Single(output.ToString().Split('\n'), line => line.Contains("faas.invoke_duration", StringComparison.Ordinal));
        Assert.Contains("max 0.249", histogram, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Checks_NothingArrived_FailOneByOne()
    {
        await using var backend = await OtlpBackend.StartAsync(cancellationToken: TestContext.Current.CancellationToken);

        var failed = Failed(backend);

        Assert.Contains("every invocation arrived as a trace", failed);
        Assert.Contains("the cold one with its init and the parts of that", failed);
        Assert.Contains("every one with response latency and extension overhead as parts", failed);
        Assert.Contains("and its log records", failed);
        Assert.Contains("the extension's own metrics arrived as sums, gauges and histograms", failed);
        Assert.Contains("among them the faas.* ones of the semantic conventions", failed);
        Assert.Contains("and the metrics of the function's own SDK", failed);
    }

    [Fact]
    public async Task Checks_MetricsOfTheFunctionOnly_ThoseOfTheExtensionFail()
    {
        await using var backend = await OtlpBackend.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        using var client = new OtlpClient();
        var point = new NumberDataPoint { AsInt = 1 };
        var orders = new Metric { Name = "demo.orders", Sum = new() { DataPoints = { point } } };
        var duration = new Metric { Name = "demo.order.duration", Gauge = new() { DataPoints = { point } } };
        OpenTelemetry.Proto.Collector.Metrics.V1.ExportMetricsServiceRequest request = new()
        {
            ResourceMetrics = { new ResourceMetrics { ScopeMetrics = { new ScopeMetrics { Metrics = { orders, duration } } } } },
        };
        await client.PostAsync(backend.HttpUrl + "/v1/metrics", Google.Protobuf.MessageExtensions.ToByteArray(request));

        var failed = Failed(backend);

        Assert.DoesNotContain("and the metrics of the function's own SDK", failed);
        Assert.Contains("the extension's own metrics arrived as sums, gauges and histograms", failed);
    }

    private static string[] Failed(OtlpBackend backend)
    {
        InvocationResult result = new("id", "success", "", null, DateTimeOffset.UnixEpoch, default, default, null, default, null, 0, null, false, []);
        var checks = DemoChecks.Make(DemoScenario.Steps, [result, result, result], new("spindown", true, false, default, null, [], []), [], backend, TimeSpan.FromSeconds(1));
        return [.. checks.Where(check => !check.Passed).Select(check => check.Text)];
    }
}
