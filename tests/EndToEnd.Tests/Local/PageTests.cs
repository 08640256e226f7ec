using System.Text.Json.Nodes;
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
        await using var served = await Watched.ServedAsync(
            "--view", "--view-port", "0", "--layer", Artifacts.LayerZip, "--function", Artifacts.FunctionZip, "--name", "order-processing", "--memory", "256",
            "--timeout", "20s", "--tracing", "active", "--env", "AWS_LAMBDA_EXEC_WRAPPER=/opt/telemetry-wrapper", "--env", "DEMO_OTEL=true",
            "--env", "TELEMETRY_EXTENSION_SELF_TRACES=true");
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
        await browser.ClickUntilTextAsync("frozen", then: "lambda.billed");
        await browser.ScreenshotAsync(Path.Combine(Screenshots, "frozen.png"));

        // One span's own details, and the extension's span of the flush, found by its name.
        var flush = await SpanAsync(served, "flush");
        await browser.GoAsync(new Uri(page, $"traces/detail/{flush.Trace}"));
        await browser.ClickUntilTextAsync("flush", then: "telemetry_extension.flush.reason");
        await browser.UntilTextAsync("the invocation has ended");
        await browser.ScreenshotAsync(Path.Combine(Screenshots, "flush.png"));

        // The logs of one invocation hang on its span, and only they.
        await browser.GoAsync(new Uri(page, "structuredlogs"));
        await browser.UntilTextAsync("payment charged");
        await browser.ScreenshotAsync(Path.Combine(Screenshots, "logs.png"));
        var (trace, span) = await LogAsync(served, "payment charged");
        await browser.GoAsync(new Uri(page, $"structuredlogs?traceId={trace}&spanId={span}"));
        await browser.UntilTextAsync("payment charged");
        await browser.UntilAsync("!document.body.innerText.includes('was declined')");
        await browser.ScreenshotAsync(Path.Combine(Screenshots, "logs-of-a-span.png"));

        await browser.GoAsync(new Uri(page, "metrics/resource/order-processing"));
        await browser.UntilTextAsync("faas.invoke_duration");
        await browser.ScreenshotAsync(Path.Combine(Screenshots, "metrics.png"));
        Assert.Equal(0, await served.EndAsync());
    }

    [Fact]
    public async Task Killed_TheDashboardGoesWithIt()
    {
        await using var served = await Watched.ServedAsync(
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

    /// <summary>The latest span of this name that the backend behind the page has.</summary>
    private static async Task<(string Trace, string Span)> SpanAsync(ServedSandbox served, string name) =>
        await FindAsync(served, "spans", item => (string?)item["name"] == name);

    private static async Task<(string Trace, string Span)> LogAsync(ServedSandbox served, string text) =>
        await FindAsync(served, "logRecords", item => item.ToJsonString().Contains(text, StringComparison.Ordinal));

    private static async Task<(string Trace, string Span)> FindAsync(ServedSandbox served, string list, Func<JsonNode, bool> fits)
    {
        for (var attempt = 0; attempt < 100; attempt++)
        {
            var lines = await served.Http.GetStringAsync(new Uri(served.Url, "/_sandbox/telemetry"), TestContext.Current.CancellationToken);
            var found = lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).SelectMany(line => Descendants(JsonNode.Parse(line)!, list)).LastOrDefault(fits);
            if (found is not null)
                return ((string)found["traceId"]!, (string)found["spanId"]!);
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException($"nothing such in {list}");
    }

    /// <summary>The items of every list of this name, however deep it is.</summary>
    private static IEnumerable<JsonNode> Descendants(JsonNode node, string list) => node switch
    {
        JsonObject item => item.SelectMany(pair => pair is { Key: var key, Value: JsonArray items } && key == list
            ? items.Select(each => each!)
            : pair.Value is { } value ? Descendants(value, list) : []),
        JsonArray items => items.SelectMany(each => each is null ? [] : Descendants(each, list)),
        _ => [],
    };
}
