using System.IO.Compression;
using Google.Protobuf;
using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Logs.V1;
using OpenTelemetry.Proto.Metrics.V1;
using OpenTelemetry.Proto.Resource.V1;
using OpenTelemetry.Proto.Trace.V1;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Ingest.OtlpReceiver;

/// <summary>Requests built with the classes generated from the official .proto files.</summary>
internal static class OtlpSamples
{
    public static byte[] Trace(int spans = 1, int textLength = 10)
    {
        var scope = new ScopeSpans { Scope = new() { Name = "scope", Version = "1" } };
        for (var i = 0; i < spans; i++)
            scope.Spans.Add(new Span
            {
                TraceId = Id(16, i),
                SpanId = Id(8, i),
                ParentSpanId = Id(8, i + 1),
                Name = "span",
                Kind = Span.Types.SpanKind.Client,
                StartTimeUnixNano = 1754913600000000000,
                EndTimeUnixNano = 1754913600250000000,
                Attributes = { Text("key", new string('é', textLength)), Text("http.request.method", "GET") },
                Events = { new Span.Types.Event { Name = "event", TimeUnixNano = 5 } },
                Status = new Status { Code = Status.Types.StatusCode.Ok },
                Flags = 0x101,
            });
        return new ExportTraceServiceRequest { ResourceSpans = { new ResourceSpans { Resource = Resource(), ScopeSpans = { scope } } } }.ToByteArray();
    }

    public static byte[] Logs(int records = 1)
    {
        var scope = new ScopeLogs();
        for (var i = 0; i < records; i++)
            scope.LogRecords.Add(new LogRecord { TimeUnixNano = 1, SeverityText = "INFO", Body = new AnyValue { StringValue = "hello" } });
        return new ExportLogsServiceRequest { ResourceLogs = { new ResourceLogs { Resource = Resource(), ScopeLogs = { scope } } } }.ToByteArray();
    }

    /// <summary>One metric of each kind with two points each: ten points.</summary>
    public static byte[] Metrics()
    {
        var number = new NumberDataPoint { TimeUnixNano = 7, AsInt = -3 };
        var histogram = new HistogramDataPoint { Count = 3, Sum = 1.5, BucketCounts = { 1, 2 }, ExplicitBounds = { 0.5 } };
        var exponential = new ExponentialHistogramDataPoint
        {
            Count = 4,
            Scale = -2,
            Positive = new() { Offset = -1, BucketCounts = { 1, 300 } },
            Exemplars = { new Exemplar { TraceId = Id(16, 1), SpanId = Id(8, 1), AsDouble = 1 } },
        };
        var summary = new SummaryDataPoint { Count = 2, QuantileValues = { new SummaryDataPoint.Types.ValueAtQuantile { Quantile = 0.5, Value = 1 } } };
        var scope = new ScopeMetrics
        {
            Metrics =
            {
                new Metric { Name = "g", Gauge = new() { DataPoints = { number, number } } },
                new Metric { Name = "s", Sum = new() { DataPoints = { number, number }, IsMonotonic = true } },
                new Metric { Name = "h", Histogram = new() { DataPoints = { histogram, histogram } } },
                new Metric { Name = "e", ExponentialHistogram = new() { DataPoints = { exponential, exponential } } },
                new Metric { Name = "q", Summary = new() { DataPoints = { summary, summary } } },
            },
        };
        return new ExportMetricsServiceRequest { ResourceMetrics = { new ResourceMetrics { Resource = Resource(), ScopeMetrics = { scope } } } }.ToByteArray();
    }

    public static byte[] Of(Signal signal) => signal switch
    {
        Signal.Traces => Trace(),
        Signal.Metrics => Metrics(),
        _ => Logs(),
    };

    public static IMessage Parse(Signal signal, byte[] bytes) => signal switch
    {
        Signal.Traces => ExportTraceServiceRequest.Parser.ParseFrom(bytes),
        Signal.Metrics => ExportMetricsServiceRequest.Parser.ParseFrom(bytes),
        _ => ExportLogsServiceRequest.Parser.ParseFrom(bytes),
    };

    public static byte[] Gzip(byte[] bytes)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Optimal, leaveOpen: true))
            gzip.Write(bytes);
        return buffer.ToArray();
    }

    public static KeyValue Text(string key, string value) => new() { Key = key, Value = new AnyValue { StringValue = value } };

    public static ByteString Id(int length, int seed) => ByteString.CopyFrom([.. Enumerable.Range(seed + 1, length).Select(i => (byte)i)]);

    private static Resource Resource() => new() { Attributes = { Text("service.name", "demo") } };
}
