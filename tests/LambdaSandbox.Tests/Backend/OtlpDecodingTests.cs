using System.Text;
using Google.Protobuf;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Logs.V1;
using OpenTelemetry.Proto.Metrics.V1;
using OpenTelemetry.Proto.Trace.V1;

namespace LambdaSandbox.Tests.Backend;

public sealed class OtlpDecodingTests
{
    private const ulong Start = 1_754_913_600_000_000_000;
    private const ulong End = Start + 250_000_000;

    [Fact]
    public void Trace_HandMadeBytes_DecodeToEveryField()
    {
        var request = ExportTraceServiceRequest.Parser.ParseFrom(OtlpVectors.Trace);

        var resource = Assert.Single(request.ResourceSpans);
        Assert.Equal("service.name", Assert.Single(resource.Resource.Attributes).Key);
        Assert.Equal("demo", resource.Resource.Attributes[0].Value.StringValue);
        var scope = Assert.Single(resource.ScopeSpans);
        Assert.Equal("x", scope.Scope.Name);
        var span = Assert.Single(scope.Spans);
        Assert.Equal(OtlpVectors.TraceId, Convert.ToHexStringLower(span.TraceId.Span));
        Assert.Equal(OtlpVectors.SpanId, Convert.ToHexStringLower(span.SpanId.Span));
        Assert.True(span.ParentSpanId.IsEmpty);
        Assert.Equal("demo", span.Name);
        Assert.Equal(Span.Types.SpanKind.Server, span.Kind);
        Assert.Equal((Start, End), (span.StartTimeUnixNano, span.EndTimeUnixNano));
        Assert.Equal("faas.coldstart", Assert.Single(span.Attributes).Key);
        Assert.True(span.Attributes[0].Value.BoolValue);
        Assert.Equal(Status.Types.StatusCode.Ok, span.Status.Code);
        Assert.Equal(257u, span.Flags);
        Assert.Equal(OtlpVectors.Trace, request.ToByteArray());
    }

    [Fact]
    public void Log_HandMadeBytes_DecodeToEveryField()
    {
        var request = ExportLogsServiceRequest.Parser.ParseFrom(OtlpVectors.Log);

        var scope = Assert.Single(Assert.Single(request.ResourceLogs).ScopeLogs);
        Assert.Null(scope.Scope);
        var record = Assert.Single(scope.LogRecords);
        Assert.Equal((Start, End), (record.TimeUnixNano, record.ObservedTimeUnixNano));
        Assert.Equal((SeverityNumber.Info, "INFO", "hi"), (record.SeverityNumber, record.SeverityText, record.Body.StringValue));
        Assert.Equal(OtlpVectors.TraceId, Convert.ToHexStringLower(record.TraceId.Span));
        Assert.Equal(OtlpVectors.SpanId, Convert.ToHexStringLower(record.SpanId.Span));
        Assert.Equal(OtlpVectors.Log, request.ToByteArray());
    }

    [Fact]
    public void Metric_HandMadeBytes_DecodeToEveryField()
    {
        var request = ExportMetricsServiceRequest.Parser.ParseFrom(OtlpVectors.Metric);

        var metric = Assert.Single(Assert.Single(Assert.Single(request.ResourceMetrics).ScopeMetrics).Metrics);
        Assert.Equal(("faas.coldstarts", "{coldstart}"), (metric.Name, metric.Unit));
        Assert.Equal(AggregationTemporality.Delta, metric.Sum.AggregationTemporality);
        Assert.True(metric.Sum.IsMonotonic);
        var point = Assert.Single(metric.Sum.DataPoints);
        Assert.Equal((Start, End, 1L), (point.StartTimeUnixNano, point.TimeUnixNano, point.AsInt));
        Assert.Equal(OtlpVectors.Metric, request.ToByteArray());
    }

    [Fact]
    public void Histogram_HandMadeBytes_DecodeToEveryField()
    {
        var metric = Metric.Parser.ParseFrom(OtlpVectors.Histogram);

        Assert.Equal(("faas.invoke_duration", "s"), (metric.Name, metric.Unit));
        Assert.Equal(AggregationTemporality.Delta, metric.Histogram.AggregationTemporality);
        var point = Assert.Single(metric.Histogram.DataPoints);
        Assert.Equal((1ul, 0.25, true), (point.Count, point.Sum, point.HasSum));
        Assert.Equal([0.1, 0.5], point.ExplicitBounds);
        Assert.Equal([0ul, 1, 0], point.BucketCounts);
        Assert.False(point.HasMin || point.HasMax);
        Assert.Equal(OtlpVectors.Histogram, metric.ToByteArray());
    }

    [Fact]
    public void Requests_PutEndToEnd_DecodeAsOneRequest()
    {
        var request = ExportTraceServiceRequest.Parser.ParseFrom([.. OtlpVectors.Trace, .. OtlpVectors.Trace]);

        Assert.Equal(2, request.ResourceSpans.Count);
    }

    [Fact]
    public void Json_OfTheSpecification_EqualsTheBinaryForm()
    {
        var request = new ExportTraceServiceRequest();
        OtlpJson.Merge(request, Encoding.UTF8.GetBytes(OtlpVectors.TraceJson));

        Assert.Equal(ExportTraceServiceRequest.Parser.ParseFrom(OtlpVectors.Trace), request);
    }

    [Fact]
    public void Json_EveryKindOfValue_IsRead()
    {
        var metric = new Metric();
        OtlpJson.Merge(metric, """
            {"name":"m","unknown":{"deep":[1]},"description":null,"exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[{
            "attributes":[{"key":"b","value":{"bytesValue":"AQI="}},{"key":"i","value":{"intValue":"-9007199254740993"}},{"key":"n","value":{}},
            {"key":"l","value":{"arrayValue":{"values":[{"doubleValue":1.5},{"doubleValue":"-Infinity"}]}}},
            {"key":"k","value":{"kvlistValue":{"values":[{"key":"x","value":{"stringValue":"y"}}]}}}],
            "count":3,"scale":-2,"sum":0,"zeroCount":"1","positive":{"offset":-4,"bucketCounts":["1",1]},
            "exemplars":[{"asInt":"-7","traceId":"5759E988BD862E3FE1BE46A994272793"}]}]}}
            """u8.ToArray());

        Assert.Equal(AggregationTemporality.Cumulative, metric.ExponentialHistogram.AggregationTemporality);
        var point = Assert.Single(metric.ExponentialHistogram.DataPoints);
        Assert.Equal([1, 2], point.Attributes[0].Value.BytesValue.ToByteArray());
        Assert.Equal(-9007199254740993, point.Attributes[1].Value.IntValue);
        Assert.Equal(OpenTelemetry.Proto.Common.V1.AnyValue.ValueOneofCase.None, point.Attributes[2].Value.ValueCase);
        Assert.Equal(double.NegativeInfinity, point.Attributes[3].Value.ArrayValue.Values[1].DoubleValue);
        Assert.Equal("y", point.Attributes[4].Value.KvlistValue.Values[0].Value.StringValue);
        Assert.Equal((3ul, -2, true, 1ul), (point.Count, point.Scale, point.HasSum, point.ZeroCount));
        Assert.Equal((-4, 2), (point.Positive.Offset, point.Positive.BucketCounts.Count));
        Assert.Equal(-7, point.Exemplars[0].AsInt);
        Assert.Equal(OtlpVectors.TraceId, Convert.ToHexStringLower(point.Exemplars[0].TraceId.Span));
    }

    [Theory]
    [InlineData("""{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":"SPAN_KIND_SERVER"}]}]}]}""", "spans[0].kind: expected an integer")]
    [InlineData("""{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"V1npiL2GLj/hvkaplCcnkw=="}]}]}]}""", "traceId: expected a hex string")]
    [InlineData("""{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":"-1"}]}]}]}""", "startTimeUnixNano: expected an integer")]
    [InlineData("""{"resourceSpans":{}}""", "resourceSpans: expected an array")]
    [InlineData("""{"resourceSpans":[{"resource":{"attributes":[{"value":{"intValue":"1","boolValue":true}}]}}]}""", "a second value")]
    [InlineData("[]", "expected an object")]
    [InlineData("{", "not JSON")]
    public void Json_AgainstTheSpecification_IsRefusedNamingThePlace(string json, string problem)
    {
        var error = Assert.Throws<FormatException>(() => OtlpJson.Merge(new ExportTraceServiceRequest(), Encoding.UTF8.GetBytes(json)));

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_SnakeCaseKeys_AreIgnored()
    {
        var request = new ExportTraceServiceRequest();
        OtlpJson.Merge(request, """{"resource_spans":[{}]}"""u8.ToArray());

        Assert.Empty(request.ResourceSpans);
    }
}
