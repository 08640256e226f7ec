using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Logs.V1;
using OpenTelemetry.Proto.Metrics.V1;
using OpenTelemetry.Proto.Trace.V1;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Otlp;

/// <summary>Decodes a payload with the classes that protobuf generates, which share no code with the extension.</summary>
internal static class Decoded
{
    public static IReadOnlyList<Span> Spans(this OtlpPayload payload) =>
        [.. ExportTraceServiceRequest.Parser.ParseFrom(payload.Body.Span).ResourceSpans.SelectMany(resource => resource.ScopeSpans).SelectMany(scope => scope.Spans)];

    public static IReadOnlyList<LogRecord> LogRecords(this OtlpPayload payload) =>
        [.. ExportLogsServiceRequest.Parser.ParseFrom(payload.Body.Span).ResourceLogs.SelectMany(resource => resource.ScopeLogs).SelectMany(scope => scope.LogRecords)];

    public static IReadOnlyList<Metric> Metrics(this OtlpPayload payload) => Metrics(payload.Body.Span);

    public static IReadOnlyList<Metric> Metrics(ReadOnlySpan<byte> request) =>
        [.. ExportMetricsServiceRequest.Parser.ParseFrom(request).ResourceMetrics.SelectMany(resource => resource.ScopeMetrics).SelectMany(scope => scope.Metrics)];
}
