using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Metrics;
using TelemetryExtension.Processing.Resources;
using TelemetryExtension.Processing.SemanticConventions;
using TelemetryExtension.Processing.Spans;

namespace TelemetryExtension.Tests.Processing.Metrics;

/// <summary>Keeps docs/telemetry.md complete: the page lists everything that is sent, and nothing else.</summary>
public partial class TelemetryPageTests
{
    private static readonly string Page = Repository.Text("docs", "telemetry.md");

    [Fact]
    public void EveryMetric_HasItsRow()
    {
        var rows = FaasMetrics.All.Select(metric => $"| `{metric.Name}` | {Instrument(metric.Kind)} | `{metric.Unit}` | {metric.Description} | {metric.Source} |");
        Assert.All(rows, row => Assert.Contains(row, Page, StringComparison.Ordinal));
    }

    [Fact]
    public void EveryName_IsOnThePage()
    {
        Assert.All(Constants(), name => Assert.Contains($"`{name}`", Page, StringComparison.Ordinal));
    }

    [Fact]
    public void EveryRowOfTheMetrics_IsAMetric() =>
        Assert.Equal(FaasMetrics.All.Select(metric => metric.Name), Rows("Metrics").Select(cells => Assert.Single(Names(cells[0]))));

    [Fact]
    public void EveryDottedName_IsOneWeHave()
    {
        var known = Constants().Concat(["init.runtime", "init.extensions", "restore.runtime", "restore.extensions"]);
        Assert.Empty(Names(Page).Where(name => name.Contains('.', StringComparison.Ordinal)).Except(known));
    }

    [Fact]
    public void Resource_OnThePage_IsWhatIsSent()
    {
        var facts = new LambdaFacts("123456789012", "orders", "7", "2025/08/11/orders[7]22be53a8", 268435456)
        {
            RuntimeVersion = "nodejs:22.v42",
            RuntimeVersionArn = "arn:aws:lambda:eu-west-1::runtime:ab",
            AvailabilityZone = "use1-az1",
        };
        var sent = LambdaResource.Create(new(Region: "eu-west-1", LogGroupName: "/g"), facts, "instance", new SettingProblems()).Select(pair => pair.Key);

        Assert.Equal(sent.Order(), Names(Section("Resource")).Where(name => name.Contains('.', StringComparison.Ordinal)).Distinct().Order());
    }

    [Fact]
    public void SpansAndTheirAttributes_OnThePage_AreWhatIsSent()
    {
        var tracker = new InvocationTracker("orders");
        var parts = new PlatformSpan[] { new("responseLatency", 2000, 1), new("responseDuration", 2000, 1), new("runtimeOverhead", 2000, 1) };
        tracker.Apply(new PlatformEvent.InitStart(1000, "on-demand", "init", "i", 1));
        tracker.Apply(new PlatformEvent.InitRuntimeDone(1100, "error", "Runtime.ExitError"));
        tracker.Apply(new PlatformEvent.InitReport(1200, "error", "Runtime.ExitError", null));
        tracker.OnInvoke("a", "arn:aws:lambda:eu-west-1:123456789012:function:orders", null, 2000);
        tracker.Apply(new PlatformEvent.Start(2000, "a", null, default, "blue"));
        tracker.Apply(new PlatformEvent.RestoreStart(2001, "copy", 1));
        tracker.Apply(new PlatformEvent.RestoreRuntimeDone(2100, "error", "Runtime.ExitError"));
        tracker.Apply(new PlatformEvent.RestoreReport(2200, "error", "Runtime.ExitError", null));
        tracker.OnFunctionSpan(new("a", true, ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), null, "http", [new("faas.trigger", "http"), new("http.route", "/")]) { DurableExecution = "arn:x/durable-execution/y" });
        tracker.Apply(new PlatformEvent.RuntimeDone(3000, "a", "error", "Function.X", 1, 1, parts, default, null));
        tracker.Apply(new PlatformEvent.Report(3000, "a", "error", null, default, [new("extensionOverhead", 3000, 1)], default, null));
        tracker.OnInvoke("c", "", null, 3500);
        tracker.OnDurableExecution(tracker.Find("c"u8)!, "arn:x/durable-execution/y");
        tracker.Apply(new PlatformEvent.RuntimeDone(3700, "c", "success", null, 1, 1, [], default, null));
        tracker.OnInvoke("b", "", null, 4000);
        tracker.OnShutdown("spindown", 5000);
        var flushes = new FlushSpans(new Ledger());
        flushes.Add(new("the invocation has ended", "end", TimeSpan.FromSeconds(1), TimeSpan.Zero, "complete", 1, 0, ["1"]), 6000, tracker.Latest);
        flushes.MoveTo(tracker.Spans);
        var sent = tracker.Spans.GroupBy(span => span.Name).ToDictionary(
            group => group.Key, group => group.SelectMany(span => span.Attributes).Select(attribute => attribute.Key).Distinct().Order().ToList());

        var rows = Rows("Spans").SelectMany(cells =>
            (Names(cells[0]) is { Count: > 0 } names ? names : ["orders"]).Select((name, index) => (Name: name, Attributes: index == 0 || cells[4].Trim().Length == 0 ? cells[4] : "")))
            .ToDictionary(row => row.Name, row => Names(row.Attributes).Where(name => name != "invoke").Order().ToList());
        Assert.Equal(sent.Keys.Order(), rows.Keys.Order());
        Assert.All(sent, pair => Assert.Equal((pair.Key, string.Join(' ', pair.Value)), (pair.Key, string.Join(' ', rows[pair.Key]))));
    }

    private static IEnumerable<string> Constants() =>
        typeof(Conventions).GetFields(BindingFlags.Public | BindingFlags.Static | BindingFlags.NonPublic)
            .Concat(typeof(SpanNames).GetFields(BindingFlags.Public | BindingFlags.Static))
            .Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!);

    private static string Section(string title)
    {
        var from = Page.IndexOf($"## {title}\n", StringComparison.Ordinal);
        var to = Page.IndexOf("\n## ", from + 3, StringComparison.Ordinal);
        return to < 0 ? Page[from..] : Page[from..to];
    }

    /// <summary>The cells of a section's table, without its head.</summary>
    private static List<string[]> Rows(string title) =>
        [.. Section(title).Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(1).Select(line => line.Split('|')[1..^1])];

    /// <summary>The text in backticks that looks like a name of the extension.</summary>
    private static List<string> Names(string text) => [.. Name().Matches(text).Select(match => match.Groups[1].Value)];

    [GeneratedRegex("`([a-z][a-zA-Z_]*(?:\\.[a-z_]+)*)`")]
    private static partial Regex Name();

    private static string Instrument(MetricKind kind) => kind switch
    {
        MetricKind.Counter => "sum, whole",
        MetricKind.RealCounter => "sum, real",
        MetricKind.Gauge => "gauge",
        _ => "histogram",
    };
}
