using Google.Protobuf;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Logs.V1;
using OpenTelemetry.Proto.Metrics.V1;
using OpenTelemetry.Proto.Trace.V1;

namespace LambdaSandbox.Tests.Backend;

public sealed class OtlpJsonWriterTests
{
    [Fact]
    public void Write_ThenRead_GivesTheSameMessages()
    {
        var traces = new ExportTraceServiceRequest();
        traces.ResourceSpans.Add(Sample.First.Concat(Sample.Second).Select(each =>
            new ResourceSpans { Resource = each.Resource, ScopeSpans = { new ScopeSpans { Scope = each.Scope, Spans = { each.Span } } } }));
        var metrics = new ExportMetricsServiceRequest();
        metrics.ResourceMetrics.Add(Sample.Metrics.Select(each =>
            new ResourceMetrics { Resource = each.Resource, ScopeMetrics = { new ScopeMetrics { Scope = each.Scope, Metrics = { each.Metric } } } }));
        AssertSame(traces, new ExportTraceServiceRequest());
        AssertSame(metrics, new ExportMetricsServiceRequest());
    }

    [Fact]
    public void Write_Values_AreOtlpsJson()
    {
        var record = new LogRecord
        {
            TimeUnixNano = 1_786_449_600_000_000_000,
            SeverityNumber = SeverityNumber.Info,
            TraceId = ByteString.CopyFrom(Convert.FromHexString(Sample.FirstTrace)),
            Body = new AnyValue { DoubleValue = double.NaN },
            Attributes =
            {
                new KeyValue { Key = "zero", Value = new AnyValue { IntValue = 0 } },
                new KeyValue { Key = "bytes", Value = new AnyValue { BytesValue = ByteString.CopyFrom(1, 2) } },
                new KeyValue { Key = "empty", Value = new AnyValue { StringValue = "" } },
            },
        };
        var request = new ExportLogsServiceRequest { ResourceLogs = { new ResourceLogs { ScopeLogs = { new ScopeLogs { LogRecords = { record } } } } } };
        Assert.Equal(
            """
            {"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1786449600000000000","severityNumber":9,"body":{"doubleValue":"NaN"},"attributes":[{"key":"zero","value":{"intValue":"0"}},{"key":"bytes","value":{"bytesValue":"AQI="}},{"key":"empty","value":{"stringValue":""}}],"traceId":"5759e988bd862e3fe1be46a994272793"}]}]}]}
            """,
            System.Text.Encoding.UTF8.GetString(OtlpJsonWriter.Write(request)));
        AssertSame(request, new ExportLogsServiceRequest());
    }

    private static void AssertSame<T>(T message, T read)
        where T : IMessage
    {
        OtlpJson.Merge(read, OtlpJsonWriter.Write(message));
        Assert.Equal<IMessage>(message, read);
    }
}
