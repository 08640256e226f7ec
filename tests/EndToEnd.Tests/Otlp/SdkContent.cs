using Google.Protobuf;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Collector.Trace.V1;

namespace EndToEnd.Tests.Otlp;

/// <summary>An SDK's telemetry as a backend decoded it: whole resource groups in order of arrival, with schema URLs and scopes.</summary>
internal static class SdkContent
{
    private const string OurScope = "telemetry-extension";

    public static IReadOnlyList<IMessage> Of(OtlpBackend backend, OtlpSignal signal) =>
        [.. backend.Requests.Where(request => request.Signal == signal && request.AcceptedItems > 0).SelectMany(request => Groups(request.Message!))];

    /// <summary>Compares with protobuf's message equality: every field, including presence. Differences are shown field by field.</summary>
    public static void AssertEqual(OtlpBackend expected, OtlpBackend actual, OtlpSignal signal)
    {
        var (wanted, got) = (Of(expected, signal), Of(actual, signal));
        Assert.NotEmpty(wanted);
        Assert.Equal(wanted.Select(Text), got.Select(Text));
        Assert.Equal(wanted, got);
    }

    /// <summary>The extension does not mix its own scope into the function's resource groups: a group belongs to one of them.</summary>
    private static IEnumerable<IMessage> Groups(IMessage request) => request switch
    {
        ExportTraceServiceRequest traces => traces.ResourceSpans.Where(group => group.ScopeSpans.All(scope => scope.Scope?.Name != OurScope)),
        ExportMetricsServiceRequest metrics => metrics.ResourceMetrics.Where(group => group.ScopeMetrics.All(scope => scope.Scope?.Name != OurScope)),
        ExportLogsServiceRequest logs => logs.ResourceLogs.Where(group => group.ScopeLogs.All(scope => scope.Scope?.Name != OurScope)),
        _ => [],
    };

    private static string Text(IMessage message) => JsonFormatter.Default.Format(message);
}
