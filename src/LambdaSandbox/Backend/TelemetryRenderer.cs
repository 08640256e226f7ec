using Spectre.Console;
using Spectre.Console.Rendering;

namespace LambdaSandbox.Backend;

/// <summary>
/// Shows telemetry to people: traces as trees, metrics as a table. The same input gives the same output, in whatever order it arrived;
/// colours and box characters depend on what the console can do.
/// </summary>
public static class TelemetryRenderer
{
    /// <summary>Everything: resources, traces, log records outside of traces, metrics.</summary>
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

    /// <summary>Each distinct resource once.</summary>
    public static IRenderable Resources(
        IReadOnlyList<ReceivedSpan> spans, IReadOnlyList<ReceivedLogRecord> logs, IReadOnlyList<ReceivedMetric> metrics) =>
        new ResourceList(spans.Select(span => span.Resource).Concat(logs.Select(log => log.Resource)).Concat(metrics.Select(metric => metric.Resource)));

    /// <summary>One row for each stream: delta points are summed, of cumulative ones and of gauges the latest counts.</summary>
    public static IRenderable MetricsTable(IReadOnlyList<ReceivedMetric> metrics) => new MetricsTable(MetricStream.Build(metrics));
}
