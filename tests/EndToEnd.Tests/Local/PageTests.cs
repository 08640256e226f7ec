using EndToEnd.Tests.Tools;
using LambdaSandbox.Tests.Testing;

namespace EndToEnd.Tests.Local;

/// <summary>`serve --view`: the dashboard with the telemetry of a real run in a real browser. Screenshots are kept in artifacts/screenshots.</summary>
public sealed class PageTests
{
    private static string Screenshots =>
        Path.Combine(Environment.GetEnvironmentVariable("TELEMETRY_EXTENSION_ARTIFACTS") ?? Repository.Path("artifacts"), "screenshots");

    [Trait("Category", "Slow")]
    [Fact]
    public async Task RealRun_TracesLogsMetricsAndTheFreeze_AreOnThePage()
    {
        Tool.Require("chromium");
        await using var served = await ServedSandbox.StartAsync(
            "--view", "--view-port", "0", "--layer", Artifacts.LayerZip, "--function", Artifacts.FunctionZip, "--name", "order-processing", "--memory", "256",
            "--timeout", "20s", "--tracing", "active", "--env", "AWS_LAMBDA_EXEC_WRAPPER=/opt/telemetry-wrapper", "--env", "DEMO_OTEL=true");
        var note = served.Events.First(item => item["text"] is { } text && ((string)text!).Contains("page: ", StringComparison.Ordinal));
        var words = (string)note["text"]!;
        Assert.SkipWhen(words.StartsWith("no page", StringComparison.Ordinal), $"the dashboard is not available: {words}");
        var page = new Uri(words.Split(' ')[1]);

        using (await served.InvokeAsync("""{"order":{"id":"1001","items":2}}"""))
            await Task.Delay(1500, TestContext.Current.CancellationToken);
        using (await served.InvokeAsync("""{"order":{"id":"13","fail":true}}"""))
            await served.WaitAsync("invoked", item => (string)item["invocation"]!["status"]! == "error");
        using (await served.InvokeAsync("""{"order":{"id":"1002"}}"""))
            await Task.Delay(500, TestContext.Current.CancellationToken);

        await using var browser = await Browser.StartAsync(new Uri(page, "traces"));
        await browser.UntilTextAsync("order-processing");
        await browser.UntilTextAsync("lambda");
        await browser.ScreenshotAsync(Path.Combine(Screenshots, "traces.png"));

        // This shows the environment's life: init, invocations, the extensions' work after them, and the freezes.
        await browser.ClickAsync("lambda: init");
        await browser.UntilTextAsync("frozen");
        await browser.UntilTextAsync("invoke");
        await browser.UntilTextAsync("init");
        await browser.ScreenshotAsync(Path.Combine(Screenshots, "life.png"));
        await browser.ClickAsync("frozen");
        await browser.UntilTextAsync("lambda.billed");
        await browser.ScreenshotAsync(Path.Combine(Screenshots, "frozen.png"));

        // A log line leads to its trace.
        await browser.GoAsync(new Uri(page, "structuredlogs"));
        await browser.UntilTextAsync("payment charged");
        await browser.ScreenshotAsync(Path.Combine(Screenshots, "logs.png"));

        await browser.GoAsync(new Uri(page, "metrics/resource/order-processing"));
        await browser.UntilTextAsync("faas.invoke_duration");
        await browser.ScreenshotAsync(Path.Combine(Screenshots, "metrics.png"));
        Assert.Equal(0, await served.EndAsync());
    }

    [Fact]
    public async Task Killed_TheDashboardGoesWithIt()
    {
        await using var served = await ServedSandbox.StartAsync(
            "--view", "--view-port", "0", "--layer", Artifacts.LayerZip, "--function", Artifacts.FunctionZip);
        var words = (string)served.Events.First(item => item["text"] is { } text && ((string)text!).Contains("page: ", StringComparison.Ordinal))["text"]!;
        Assert.SkipWhen(words.StartsWith("no page", StringComparison.Ordinal), $"the dashboard is not available: {words}");
        var page = new Uri(words.Split(' ')[1]);
        using (await served.Http.GetAsync(page, TestContext.Current.CancellationToken))
            Assert.Equal(137, await served.EndAsync("KILL"));
        for (var i = 0; i < 100; i++)
        {
            try
            {
                using var answer = await served.Http.GetAsync(page, TestContext.Current.CancellationToken);
                await Task.Delay(100, TestContext.Current.CancellationToken);
            }
            catch (HttpRequestException)
            {
                return;
            }
        }

        Assert.Fail($"{page} still answers");
    }
}
