using LambdaSandbox;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Trace.V1;

namespace EndToEnd.Tests.Trouble;

/// <summary>
/// Checks that telemetry recovers after a fault while invocations continue. SHUTDOWN would hide a missing retry, because its drain sends everything
/// whatever the back-off.
/// </summary>
internal static class Recovery
{
    /// <summary>For `adaptive`: fast invocations are not flushed at their end, but once per interval.</summary>
    public static readonly (string Name, string? Value) EverySecond = ("TELEMETRY_EXTENSION_FLUSH_INTERVAL", "1");

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(100);

    /// <summary>The ids of all invocations with a span. The last one's span arrives with the next invocation.</summary>
    private static readonly string[] Parts = ["responseLatency", "responseDuration", "runtimeOverhead", "extensionOverhead"];

    /// <summary>Keeps invoking until the backend has every span and line of these invocations, and has counted them.</summary>
    /// <returns>These invocations and the further ones.</returns>
    public static Task<IReadOnlyList<InvocationResult>> OrdersUntilArrivedAsync(this LambdaUnderTest lambda, IReadOnlyList<InvocationResult> invocations) =>
        lambda.OrdersUntilAsync(invocations, () => Missing(lambda.Backend, invocations));

    /// <param name="missing">Returns what is missing, or null.</param>
    /// <returns>The invocations so far and the further ones.</returns>
    public static async Task<IReadOnlyList<InvocationResult>> OrdersUntilAsync(
        this LambdaUnderTest lambda, IReadOnlyList<InvocationResult> soFar, Func<string?> missing, TimeSpan? heldAtMost = null)
    {
        var all = new List<InvocationResult>(soFar);
        var started = TimeProvider.System.GetTimestamp();
        while (missing() is { } what)
        {
            Assert.True(
                TimeProvider.System.GetElapsedTime(started) < Patience,
                $"after {Patience.TotalSeconds} s and {all.Count - soFar.Count} further invocations there is still missing: {what}\n"
                + $"{string.Join('\n', lambda.Backend.Requests.TakeLast(20))}\n{string.Join('\n', lambda.ExtensionLines)}");
            await Task.Delay(Gap, TestContext.Current.CancellationToken);
            all.AddRange(await lambda.OrdersAsync(1, heldAtMost: heldAtMost));
        }

        return all;
    }

    /// <summary>The first missing item, or null.</summary>
    private static string? Missing(OtlpBackend backend, IReadOnlyList<InvocationResult> invocations)
    {
        var spans = backend.Spans.Select(received => received.Span).ToList();
        var parts = spans.ToLookup(span => (span.TraceId, span.ParentSpanId), span => span.Name);
        var lines = backend.LogRecords.ToLookup(received => received.LogRecord.Text("faas.invocation_id"));
        foreach (var id in invocations.Select(invocation => invocation.RequestId))
        {
            if (spans.Find(span => span.Kind == Span.Types.SpanKind.Server && span.Text("faas.invocation_id") == id) is not { } span)
                return $"the span of {id}";
            if (Parts.Except(parts[(span.TraceId, span.SpanId)]).FirstOrDefault() is { } part)
                return $"the span {part} of {id}";
            if (lines[id].Count() < FaultRun.LinesPerOrder)
                return $"{FaultRun.LinesPerOrder - lines[id].Count()} lines of {id}";
        }

        var counted = backend.Metrics.Where(received => received.Metric.Name == "faas.invocations").SelectMany(received => received.Metric.Sum.DataPoints).Sum(point => point.AsInt);
        return counted < invocations.Count ? $"the count of {invocations.Count - counted} invocations" : null;
    }
}
