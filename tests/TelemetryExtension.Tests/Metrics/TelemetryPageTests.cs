using System.Reflection;
using TelemetryExtension.Metrics;
using TelemetryExtension.SemanticConventions;

namespace TelemetryExtension.Tests.Metrics;

/// <summary>infra/telemetry.md cannot go stale: it has a row for every metric, and names every attribute we have a name for.</summary>
public class TelemetryPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Root(), "infra", "telemetry.md"));

    [Fact]
    public void EveryMetric_HasItsRow()
    {
        var rows = FaasMetrics.All.Select(metric => $"| `{metric.Name}` | {Instrument(metric.Kind)} | `{metric.Unit}` | {metric.Description} | {metric.Source} |");
        Assert.All(rows, row => Assert.Contains(row, Page, StringComparison.Ordinal));
    }

    [Fact]
    public void EveryName_IsOnThePage()
    {
        var names = typeof(Conventions).GetFields(BindingFlags.Public | BindingFlags.Static | BindingFlags.NonPublic)
            .Concat(typeof(SpanNames).GetFields(BindingFlags.Public | BindingFlags.Static))
            .Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!);
        Assert.All(names, name => Assert.Contains($"`{name}`", Page, StringComparison.Ordinal));
    }

    private static string Instrument(MetricKind kind) => kind switch
    {
        MetricKind.Counter => "sum, whole",
        MetricKind.RealCounter => "sum, real",
        MetricKind.Gauge => "gauge",
        _ => "histogram",
    };

    private static string Root()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "TelemetryExtension.sln")))
            directory = Path.GetDirectoryName(directory) ?? throw new DirectoryNotFoundException("TelemetryExtension.sln");
        return directory;
    }
}
