using System.Text.Json;
using System.Text.RegularExpressions;
using TelemetryExtension.Processing.Metrics;
using TelemetryExtension.Processing.SemanticConventions;

namespace TelemetryExtension.Tests.Processing.Metrics;

/// <summary>The dashboards in infra/dashboards use existing metrics, with the names of the store.</summary>
public sealed partial class DashboardTests
{
    [Fact]
    public void Grafana_Queries_NameMetricsAsPrometheusSpellsThem()
    {
        var known = FaasMetrics.All.SelectMany(Prometheus).ToHashSet();
        var text = Read("grafana.json");

        var used = PrometheusName().Matches(text).Select(match => match.Value).Where(name => !Labels.Contains(name)).ToHashSet();

        Assert.NotEmpty(used);
        Assert.Empty(used.Except(known));
    }

    [Fact]
    public void CloudWatch_Widgets_NameMetricsThatAreMade()
    {
        using var document = JsonDocument.Parse(Read("cloudwatch.json"));
        var known = FaasMetrics.All.Select(metric => metric.Name).ToHashSet();

        var used = CloudWatchName().Matches(document.RootElement.GetRawText().Replace("\\u0022", "\"", StringComparison.Ordinal).Replace("\\\"", "\"", StringComparison.Ordinal))
            .Select(match => match.Groups[1].Value).Where(name => !Dimensions.Contains(name)).ToHashSet();

        Assert.NotEmpty(used);
        Assert.Empty(used.Except(known));
    }

    private static readonly string[] Dimensions = [Conventions.FaasName, "error.type", "telemetry_extension.signal", "telemetry_extension.drop_reason"];

    private static readonly string[] Labels = [.. Dimensions.Select(name => name.Replace('.', '_'))];

    /// <summary>The name after Prometheus' OTLP ingestion: unit and kind become suffixes, units in braces do not.</summary>
    private static IEnumerable<string> Prometheus(MetricDefinition metric)
    {
        var name = metric.Name.Replace('.', '_') + metric.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        return metric.Kind switch
        {
            MetricKind.Counter or MetricKind.RealCounter => [name + "_total"],
            MetricKind.Gauge => [name],
            _ => [name + "_bucket", name + "_sum", name + "_count"],
        };
    }

    private static string Read(string name)
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "TelemetryExtension.sln")))
                return File.ReadAllText(Path.Combine(folder, "infra", "dashboards", name));
        throw new FileNotFoundException(name);
    }

    [GeneratedRegex(@"\b(?:faas|telemetry_extension)_[a-zA-Z_]+\b")]
    private static partial Regex PrometheusName();

    [GeneratedRegex("\"((?:faas|telemetry_extension|error)\\.[a-z_.]+)\"")]
    private static partial Regex CloudWatchName();
}
