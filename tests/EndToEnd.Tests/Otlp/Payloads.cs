using System.IO.Compression;
using Google.Protobuf;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Logs.V1;
using OpenTelemetry.Proto.Metrics.V1;
using OpenTelemetry.Proto.Trace.V1;

namespace EndToEnd.Tests.Otlp;

/// <summary>Requests with one record each, like those of a sender without an SDK.</summary>
internal static class Payloads
{
    private static long s_spanId = 0x1111;

    public static byte[] Of(OtlpSignal signal, string name) => signal switch
    {
        OtlpSignal.Traces => Span(name),
        OtlpSignal.Metrics => Metric(name),
        _ => Log(new AnyValue { StringValue = name }),
    };

    public static byte[] Log(AnyValue body) => new ExportLogsServiceRequest
    {
        ResourceLogs = { new ResourceLogs { ScopeLogs = { new ScopeLogs { LogRecords = { new LogRecord { TimeUnixNano = 1, Body = body } } } } } },
    }.ToByteArray();

    public static byte[] Gzip(byte[] bytes)
    {
        using var memory = new MemoryStream();
        using (var gzip = new GZipStream(memory, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return memory.ToArray();
    }

    private static byte[] Span(string name)
    {
        var id = BitConverter.GetBytes(Interlocked.Increment(ref s_spanId));
        var span = new Span
        {
            TraceId = ByteString.CopyFrom([.. id, .. id]),
            SpanId = ByteString.CopyFrom(id),
            Name = name,
            StartTimeUnixNano = 1,
            EndTimeUnixNano = 2,
        };
        return new ExportTraceServiceRequest
        {
            ResourceSpans = { new ResourceSpans { ScopeSpans = { new ScopeSpans { Spans = { span } } } } },
        }.ToByteArray();
    }

    private static byte[] Metric(string name)
    {
        var metric = new Metric { Name = name, Gauge = new Gauge { DataPoints = { new NumberDataPoint { TimeUnixNano = 1, AsInt = 1 } } } };
        return new ExportMetricsServiceRequest
        {
            ResourceMetrics = { new ResourceMetrics { ScopeMetrics = { new ScopeMetrics { Metrics = { metric } } } } },
        }.ToByteArray();
    }
}
