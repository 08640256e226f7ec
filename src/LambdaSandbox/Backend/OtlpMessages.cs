using Google.Protobuf;
using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Metrics.V1;
using OpenTelemetry.Proto.Resource.V1;

namespace LambdaSandbox.Backend;

/// <summary>The differences between the three signals: paths, messages, and how a request is split into items.</summary>
internal static class OtlpMessages
{
    public static OtlpSignal? SignalOfPath(string path) => path switch
    {
        "/v1/traces" => OtlpSignal.Traces,
        "/v1/metrics" => OtlpSignal.Metrics,
        "/v1/logs" => OtlpSignal.Logs,
        _ => null,
    };

    public static OtlpSignal? SignalOfMethod(string path) => path switch
    {
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => OtlpSignal.Traces,
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => OtlpSignal.Metrics,
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => OtlpSignal.Logs,
        _ => null,
    };

    /// <exception cref="InvalidProtocolBufferException">The bytes are not a request of this signal.</exception>
    /// <exception cref="FormatException">The JSON is not a request of this signal.</exception>
    public static IMessage Decode(OtlpSignal signal, ReadOnlyMemory<byte> body, bool json)
    {
        IMessage request = signal switch
        {
            OtlpSignal.Traces => new ExportTraceServiceRequest(),
            OtlpSignal.Metrics => new ExportMetricsServiceRequest(),
            _ => new ExportLogsServiceRequest(),
        };
        if (json)
            OtlpJson.Merge(request, body);
        else
            request.MergeFrom(body.Span);
        return request;
    }

    /// <summary>The answer to an export. With 0 rejected items and no message partial_success is not set.</summary>
    public static IMessage Response(OtlpSignal signal, long rejected, string message)
    {
        var whole = rejected == 0 && message.Length == 0;
        return signal switch
        {
            OtlpSignal.Traces => new ExportTraceServiceResponse
            {
                PartialSuccess = whole ? null : new() { RejectedSpans = rejected, ErrorMessage = message },
            },
            OtlpSignal.Metrics => new ExportMetricsServiceResponse
            {
                PartialSuccess = whole ? null : new() { RejectedDataPoints = rejected, ErrorMessage = message },
            },
            _ => new ExportLogsServiceResponse
            {
                PartialSuccess = whole ? null : new() { RejectedLogRecords = rejected, ErrorMessage = message },
            },
        };
    }

    public static IEnumerable<ReceivedSpan> Spans(IMessage? request) =>
        from resource in (request as ExportTraceServiceRequest)?.ResourceSpans ?? []
        from scope in resource.ScopeSpans
        from span in scope.Spans
        select new ReceivedSpan(span, resource.Resource ?? new Resource(), scope.Scope ?? new InstrumentationScope());

    public static IEnumerable<ReceivedLogRecord> LogRecords(IMessage? request) =>
        from resource in (request as ExportLogsServiceRequest)?.ResourceLogs ?? []
        from scope in resource.ScopeLogs
        from record in scope.LogRecords
        select new ReceivedLogRecord(record, resource.Resource ?? new Resource(), scope.Scope ?? new InstrumentationScope());

    public static IEnumerable<ReceivedMetric> Metrics(IMessage? request) =>
        from resource in (request as ExportMetricsServiceRequest)?.ResourceMetrics ?? []
        from scope in resource.ScopeMetrics
        from metric in scope.Metrics
        select new ReceivedMetric(metric, resource.Resource ?? new Resource(), scope.Scope ?? new InstrumentationScope());

    /// <summary>Like <see cref="Metrics"/>, but without this many data points from the front. A metric without points is left out.</summary>
    public static IEnumerable<ReceivedMetric> MetricsWithoutFirstPoints(IMessage? request, long points)
    {
        foreach (var received in Metrics(request))
        {
            var count = PointCount(received.Metric);
            if (points == 0)
                yield return received;
            else if (count > points)
                yield return received with { Metric = WithoutFirstPoints(received.Metric, (int)points) };
            points = Math.Max(0, points - count);
        }
    }

    private static Metric WithoutFirstPoints(Metric metric, int points)
    {
        var rest = metric.Clone();
        System.Collections.IList list = rest.DataCase switch
        {
            Metric.DataOneofCase.Gauge => rest.Gauge.DataPoints,
            Metric.DataOneofCase.Sum => rest.Sum.DataPoints,
            Metric.DataOneofCase.Histogram => rest.Histogram.DataPoints,
            Metric.DataOneofCase.ExponentialHistogram => rest.ExponentialHistogram.DataPoints,
            _ => rest.Summary.DataPoints,
        };
        for (var removed = 0; removed < points; removed++)
            list.RemoveAt(0);
        return rest;
    }

    /// <summary>The number of items as partial_success counts them: spans, log records, data points.</summary>
    public static long ItemCount(IMessage? request) => request switch
    {
        ExportTraceServiceRequest => Spans(request).LongCount(),
        ExportLogsServiceRequest => LogRecords(request).LongCount(),
        ExportMetricsServiceRequest => Metrics(request).Sum(metric => (long)PointCount(metric.Metric)),
        _ => 0,
    };

    public static int PointCount(Metric metric) => metric.DataCase switch
    {
        Metric.DataOneofCase.Gauge => metric.Gauge.DataPoints.Count,
        Metric.DataOneofCase.Sum => metric.Sum.DataPoints.Count,
        Metric.DataOneofCase.Histogram => metric.Histogram.DataPoints.Count,
        Metric.DataOneofCase.ExponentialHistogram => metric.ExponentialHistogram.DataPoints.Count,
        Metric.DataOneofCase.Summary => metric.Summary.DataPoints.Count,
        _ => 0,
    };
}
