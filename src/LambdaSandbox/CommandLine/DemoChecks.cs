using System.Globalization;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Trace.V1;

namespace LambdaSandbox.CommandLine;

/// <summary>One thing that the demo promises, and whether it came true.</summary>
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
            new(roots.Zip(steps).All(pair => pair.First?.Status?.Code == Status.Types.StatusCode.Error == (pair.Second.Status == "error")), "the failing one, and only that, has status ERROR"),
            new(results.All(result => Logs(backend, result.RequestId) >= 2), "with its log lines beneath it"),
            new(roots.All(root => root is not null && HasSpansOfFunction(backend, root)), "and with the spans of the function's own SDK"),
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

    private static int Logs(OtlpBackend backend, string requestId) => backend.LogRecords.Count(
        received => received.LogRecord.Attributes.Any(attribute => attribute.Key == "faas.invocation_id" && attribute.Value.StringValue == requestId));
}
