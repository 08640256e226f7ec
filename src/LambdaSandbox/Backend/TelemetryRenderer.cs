using Spectre.Console;
using Spectre.Console.Rendering;

namespace LambdaSandbox.Backend;

/// <summary>
/// Shows telemetry to people: traces as trees, metrics as a table. The output depends only on the content, not on the order of arrival. Colours and box
/// characters depend on the console.
/// </summary>
public static class TelemetryRenderer
{
    /// <summary>Writes everything: resources, traces, log records outside of traces, metrics.</summary>
    public static void Write(
        IAnsiConsole console,
        IReadOnlyList<ReceivedSpan> spans,
        IReadOnlyList<ReceivedLogRecord> logs,
        IReadOnlyList<ReceivedMetric> metrics)
    {
        ArgumentNullException.ThrowIfNull(console);
        foreach (var part in Render(spans, logs, metrics))
            console.Write(part);
    }

    public static IEnumerable<IRenderable> Render(
        IReadOnlyList<ReceivedSpan> spans,
        IReadOnlyList<ReceivedLogRecord> logs,
        IReadOnlyList<ReceivedMetric> metrics)
    {
        yield return Resources(spans, logs, metrics);
        var traces = TraceView.Build(spans, logs);
        foreach (var trace in traces)
        {
            yield return new TraceTree(trace, static _ => true);
            yield return Text.NewLine;
        }

        if (TraceView.Outside(traces, logs) is { Count: > 0 } outside)
            yield return new LooseLogs(outside);
        if (metrics.Count > 0)
            yield return MetricsTable(metrics);
    }

    /// <summary>Lists each distinct resource once.</summary>
    public static IRenderable Resources(
        IReadOnlyList<ReceivedSpan> spans, IReadOnlyList<ReceivedLogRecord> logs, IReadOnlyList<ReceivedMetric> metrics) =>
        new ResourceList(spans.Select(span => span.Resource).Concat(logs.Select(log => log.Resource)).Concat(metrics.Select(metric => metric.Resource)));

    /// <summary>One row per stream. Delta points are summed; of cumulative points and gauges the latest counts.</summary>
    public static IRenderable MetricsTable(IReadOnlyList<ReceivedMetric> metrics) => new MetricsTable(MetricStream.Build(metrics));
}
