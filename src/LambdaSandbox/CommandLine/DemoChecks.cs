using System.Globalization;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Metrics.V1;
using OpenTelemetry.Proto.Trace.V1;

namespace LambdaSandbox.CommandLine;

/// <summary>One promise of the demo, and whether it was kept.</summary>
internal sealed record DemoCheck(bool Passed, string Text);

internal static class DemoChecks
{
    public static IReadOnlyList<DemoCheck> Make(
        IReadOnlyList<DemoStep> steps, IReadOnlyList<InvocationResult> results, ShutdownResult end, IReadOnlyList<LedgerLine> ledger, OtlpBackend backend,
        TimeSpan pause)
    {
        var roots = results.Select(result => Server(backend, result.RequestId)).ToList();
        var stopped = results.Skip(1).SelectMany(result => result.Frozen).ToList();
        return
        [
            new(steps.Zip(results).All(pair => pair.First.Status == pair.Second.Status), "the function answered every invocation as it should"),
            new(roots.All(root => root is not null), "every invocation arrived as a trace"),
            new(
                roots.Zip(steps).All(pair => pair.First?.Status?.Code == Status.Types.StatusCode.Error == (pair.Second.Status == "error")),
                "the failing one, and only that, has status ERROR"),
            new(results.All(result => Logs(backend, result.RequestId) >= 2), "with its log lines beneath it"),
            new(
                HasParts(backend, Part(backend, roots[0], "init"), "init.runtime", "init.extensions"),
                "the cold one with its init and the parts of that"),
            new(
                roots.All(root => HasParts(backend, root, "responseLatency", "extensionOverhead")),
                "every one with response latency and extension overhead as parts"),
            new(roots.All(root => root is not null && HasSpansOfFunction(backend, root)), "and with the spans of the function's own SDK"),
            new(roots.All(root => root is not null && HasLogOfFunction(backend, root)), "and its log records"),
            new(HasEveryKind(backend, "telemetry_extension."), "the extension's own metrics arrived as sums, gauges and histograms"),
            new(
                HasMetrics(backend, "faas.coldstarts", "faas.invocations", "faas.errors", "faas.init_duration", "faas.invoke_duration"),
                "among them the faas.* ones of the semantic conventions"),
            new(HasMetrics(backend, "demo.orders", "demo.order.duration"), "and the metrics of the function's own SDK"),
            new(stopped.Count > 0 && stopped.All(process => process.StoppedFor >= pause * 0.9), $"every process was frozen between invocations{Longest(stopped)}"),
            new(end is { Drained: true, KillNeeded: false }, "SHUTDOWN was drained in time, no SIGKILL"),
            new(ledger.Count > 0 && ledger.All(line => line is { IsBalanced: true, Dropped: 0, Spooled: 0, Buffered: 0 }), "the ledger is balanced, dropped 0"),
        ];
    }

    private static string Longest(List<StoppedProcess> stopped) =>
        stopped.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" (at least {stopped.Min(process => process.StoppedFor.TotalSeconds):F1} s each time)");

    private static Span? Server(OtlpBackend backend, string requestId) => backend.Spans
        .Select(received => received.Span)
        .FirstOrDefault(span => span.Kind == Span.Types.SpanKind.Server
            && span.Attributes.Any(attribute => attribute.Key == "faas.invocation_id" && attribute.Value.StringValue == requestId));

    private static bool HasSpansOfFunction(OtlpBackend backend, Span root) =>
        backend.Spans.Any(received => received.Scope.Name == "DemoFunction" && received.Span.ParentSpanId.Equals(root.SpanId) && received.Span.TraceId.Equals(root.TraceId));

    private static Span? Part(OtlpBackend backend, Span? whole, string name) => whole is null ? null : backend.Spans
        .Select(received => received.Span)
        .FirstOrDefault(span => span.Name == name && span.ParentSpanId.Equals(whole.SpanId) && span.TraceId.Equals(whole.TraceId));

    private static bool HasParts(OtlpBackend backend, Span? whole, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            if (Part(backend, whole, name) is null)
                return false;
        return true;
    }

    private static bool HasLogOfFunction(OtlpBackend backend, Span root) =>
        backend.LogRecords.Any(received => received.Scope.Name == "DemoFunction" && received.LogRecord.TraceId.Equals(root.TraceId));

    private static IEnumerable<Metric> Metrics(OtlpBackend backend) => backend.Metrics.Select(received => received.Metric);

    private static bool HasEveryKind(OtlpBackend backend, string prefix) =>
        new[] { Metric.DataOneofCase.Sum, Metric.DataOneofCase.Gauge, Metric.DataOneofCase.Histogram }.All(kind =>
            Metrics(backend).Any(metric => metric.DataCase == kind && metric.Name.StartsWith(prefix, StringComparison.Ordinal)));

    private static bool HasMetrics(OtlpBackend backend, params IEnumerable<string> names) =>
        names.All(name => Metrics(backend).Any(metric => metric.Name == name));

    private static int Logs(OtlpBackend backend, string requestId) => backend.LogRecords.Count(
        received => received.LogRecord.Attributes.Any(attribute => attribute.Key == "faas.invocation_id" && attribute.Value.StringValue == requestId));
}
