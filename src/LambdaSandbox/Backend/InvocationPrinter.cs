using Spectre.Console;

namespace LambdaSandbox.Backend;

/// <summary>
/// Prints telemetry as it arrives: each invocation when it is complete, and at the end everything that arrived later, under its trace. Nothing is printed
/// twice. Pass the backend's lists unchanged, because records are recognised by identity. Not thread-safe.
/// </summary>
public sealed class InvocationPrinter(IAnsiConsole console)
{
    private readonly HashSet<object> _printed = new(ReferenceEqualityComparer.Instance);

    /// <summary>Prints the traces of this invocation, as far as they have arrived.</summary>
    /// <returns>False when nothing has arrived of it yet; then nothing was printed.</returns>
    public bool Invocation(string invocationId, IReadOnlyList<ReceivedSpan> spans, IReadOnlyList<ReceivedLogRecord> logs)
    {
        var traces = TraceView.Build(spans, logs).Where(trace => trace.All.Any(node => node.InvocationId == invocationId)).ToArray();
        foreach (var trace in traces)
            Print(trace);
        return traces.Length > 0;
    }

    /// <summary>Prints one trace, as far as it has arrived.</summary>
    /// <param name="traceId">32 lower-case hex digits.</param>
    /// <returns>False when nothing has arrived of it yet; then nothing was printed.</returns>
    public bool Trace(string traceId, IReadOnlyList<ReceivedSpan> spans, IReadOnlyList<ReceivedLogRecord> logs)
    {
        var trace = TraceView.Build(spans, logs).FirstOrDefault(trace => trace.TraceId == traceId);
        if (trace is not null)
            Print(trace);
        return trace is not null;
    }

    /// <summary>
    /// Prints everything that no call has printed so far: late spans under dimmed lines of their ancestors, traces that were not asked for, and log records
    /// without a trace; also the resources and all metrics.
    /// </summary>
    public void Rest(IReadOnlyList<ReceivedSpan> spans, IReadOnlyList<ReceivedLogRecord> logs, IReadOnlyList<ReceivedMetric> metrics)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        var traces = TraceView.Build(spans, logs);
        foreach (var trace in traces)
            Print(trace);

        console.Write(TelemetryRenderer.Resources(spans, logs, metrics));
        var outside = TraceView.Outside(traces, logs).Where(_printed.Add).ToArray();
        if (outside.Length > 0)
            console.Write(new LooseLogs(outside));
        if (metrics.Count > 0)
            console.Write(TelemetryRenderer.MetricsTable(metrics));
    }

    private void Print(TraceView trace)
    {
        object[] records = [.. trace.All.Select(node => node.Received), .. trace.All.SelectMany(node => node.Logs), .. trace.LooseLogs];
        var fresh = new HashSet<object>(records.Where(record => !_printed.Contains(record)), ReferenceEqualityComparer.Instance);
        if (fresh.Count == 0)
            return;
        console.Write(new TraceTree(trace, fresh.Contains));
        console.WriteLine();
        _printed.UnionWith(fresh);
    }
}
