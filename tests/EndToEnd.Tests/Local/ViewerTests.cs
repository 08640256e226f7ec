using System.Diagnostics;
using System.Globalization;
using EndToEnd.Tests.Otlp;
using EndToEnd.Tests.Tools;
using LambdaSandbox;
using LambdaSandbox.View;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace EndToEnd.Tests.Local;

/// <summary>What a person sees: names of traces and causes of failures in the Aspire dashboard, read in a real browser. Screenshots stay in artifacts/screenshots.</summary>
[Trait("Category", "Slow")]
public sealed class ViewerTests
{
    private const string Rows = "document.body.innerText.split('\\n').map(line => line.trim()).filter(line => /^orders: |^shop: /.test(line))";

    private static string Screenshots =>
        Path.Combine(Environment.GetEnvironmentVariable("TELEMETRY_EXTENSION_ARTIFACTS") ?? Repository.Path("artifacts"), "screenshots");

    [Fact]
    public async Task Traces_are_named_after_the_function_and_failures_say_their_cause()
    {
        await using var dashboard = await DashboardAsync();
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { Tracing = TracingMode.Active, Timeout = TimeSpan.FromSeconds(1) },
            ("TELEMETRY_EXTENSION_TELEMETRY_PORT", FreePort.Find()), ("TELEMETRY_EXTENSION_OTLP_2_ENDPOINT", dashboard.OtlpUrl.ToString()));
        await lambda.InvokeAsync("""{"order":{"id":"1"}}""");
        await lambda.InvokeAsync("""{"order":{"id":"2"}}""");
        var error = await lambda.InvokeToErrorAsync("""{"order":{"id":"13","fail":true}}""", "Function.PaymentDeclined");
        var timeout = await lambda.InvokeToErrorAsync("""{"timeout":true}""", "Sandbox.Timedout");
        var memory = await lambda.InvokeToErrorAsync(
            """{"sleepMs":900}""", "Runtime.ExitError", new InvokeOptions { OutOfMemoryAfter = TimeSpan.FromMilliseconds(100) });
        await lambda.InvokeAsync("""{"order":{"id":"3"}}""");
        var outcome = await lambda.EndAsync(lives: 3);

        await using var browser = await Browser.StartAsync(new Uri(dashboard.Url, "traces"));
        var rows = await browser.UntilAsync($"(rows => rows.length >= 6 && rows.join('|'))({Rows})");
        await browser.ScreenshotAsync(Path.Combine(Screenshots, "trace-names.png"));
        Assert.All(((string)rows!).Split('|'), row => Assert.StartsWith("orders: orders", row, StringComparison.Ordinal));
        foreach (var (failed, cause) in new[] { (error, "Function.PaymentDeclined"), (timeout, "timeout"), (memory, "Runtime.OutOfMemory") })
        {
            var span = outcome.Invocation(failed);
            await browser.GoAsync(new Uri(dashboard.Url, $"traces/detail/{span.TraceId.Hex()}?spanId={span.SpanId.Hex()}"));
            await browser.UntilTextAsync(cause);
        }

        await browser.ScreenshotAsync(Path.Combine(Screenshots, "out-of-memory.png"));
    }

    /// <summary>A caller with an SDK of its own, and the function behind the real SDK for JavaScript: one tree, whose root is the caller.</summary>
    [Fact]
    public async Task A_request_of_a_caller_is_one_tree()
    {
        await using var dashboard = await DashboardAsync();
        await using var lambda = await NodeFunction.StartInstrumentedAsync(
            options => options with { Tracing = TracingMode.Active }, ("TELEMETRY_EXTENSION_OTLP_2_ENDPOINT", dashboard.OtlpUrl.ToString()));
        using var source = new ActivitySource("shop");
        string trace;
        using (Sdk.CreateTracerProviderBuilder().SetResourceBuilder(ResourceBuilder.CreateEmpty().AddService("shop")).AddSource("shop")
            .AddProcessor(new SimpleActivityExportProcessor(new OtlpTraceExporter(new OtlpExporterOptions
            {
                Protocol = OtlpExportProtocol.HttpProtobuf,
                Endpoint = new Uri(dashboard.OtlpUrl, "v1/traces"),
            }))).Build())
        {
            using var call = source.StartActivity("GET /orders/7", ActivityKind.Client)!;
            trace = call.TraceId.ToHexString();
            await lambda.InvokeAsync($$$"""{"path":"/orders/7","httpMethod":"GET","headers":{"traceparent":"{{{call.Id}}}"},"requestContext":{} }""");
        }

        var outcome = await lambda.EndAsync();

        Assert.All(outcome.Spans, span => Assert.Equal(trace, span.TraceId.Hex()));
        await using var browser = await Browser.StartAsync(new Uri(dashboard.Url, "traces"));
        var rows = await browser.UntilAsync($"(rows => rows.length >= 1 && rows.join('|'))({Rows})");
        Assert.StartsWith("shop: GET /orders/7", Assert.Single(((string)rows!).Split('|')), StringComparison.Ordinal);
        await browser.GoAsync(new Uri(dashboard.Url, $"traces/detail/{trace}"));
        await browser.UntilTextAsync("load order");
        await browser.UntilTextAsync("init.runtime");
        await browser.ScreenshotAsync(Path.Combine(Screenshots, "one-trace.png"));
    }

    private static async Task<Dashboard> DashboardAsync()
    {
        Tool.Require("chromium");
        var (dashboard, reason) = await Dashboard.StartAsync(int.Parse(FreePort.Find(), CultureInfo.InvariantCulture), static _ => { }, TestContext.Current.CancellationToken);
        Assert.SkipWhen(dashboard is null, $"the dashboard cannot be had: {reason}");
        return dashboard!;
    }
}
