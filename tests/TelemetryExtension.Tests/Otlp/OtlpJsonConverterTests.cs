using System.Text;
using Google.Protobuf;
using OpenTelemetry.Proto.Collector.Logs.V1;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Metrics.V1;
using OpenTelemetry.Proto.Trace.V1;
using TelemetryExtension.Otlp;
using TelemetryExtension.Tests.Ingest.OtlpReceiver;

namespace TelemetryExtension.Tests.Otlp;

public sealed class OtlpJsonConverterTests
{
    [Fact]
    public void Convert_TraceOfTheSpecification_EqualsTheBinaryForm()
    {
        // facts: the same request in both encodings.
        const string json = """
            {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"demo"}}]},"scopeSpans":[{"scope":{"name":"x"},"spans":[
            {"traceId":"5759e988bd862e3fe1be46a994272793","spanId":"53995C3F42CD8AD8","name":"demo","kind":2,"startTimeUnixNano":"1754913600000000000",
            "endTimeUnixNano":"1754913600250000000","attributes":[{"key":"faas.coldstart","value":{"boolValue":true}}],"status":{"code":1},"flags":257}]}]}]}
            """;
        var expected = ExportTraceServiceRequest.Parser.ParseFrom(Convert.FromHexString(
            "0a790a180a160a0c736572766963652e6e616d6512060a0464656d6f125d0a030a017812560a105759e988bd862e3fe1be46a994272793120853995c3f42cd8ad8"
            + "2a0464656d6f3002390080800b9fb45a18418032671a9fb45a184a140a0e666161732e636f6c647374617274120210017a021801850101010000"));

        Assert.Equal(expected, Converted(Signal.Traces, json));
    }

    [Fact]
    public void Convert_EveryTraceField_ArrivesInItsPlace()
    {
        const string json = """
            {"unknown":{"a":[1,{"b":null}]},"resourceSpans":[{"schemaUrl":"u1","resource":{"droppedAttributesCount":3,"attributes":[],
             "entityRefs":[{"schemaUrl":"e","type":"host","idKeys":["a","b"],"descriptionKeys":["c"]}]},
             "scopeSpans":[{"schemaUrl":"u2","scope":{"name":"n","version":"v","droppedAttributesCount":1,"attributes":[{"key":"k","value":{}}]},
              "spans":[{"traceId":"000102030405060708090a0b0c0d0e0f","spanId":"0001020304050607","parentSpanId":"","traceState":"a=b","name":"quote\" \u00e9 \ud83d\ude00 \/",
                "kind":5,"startTimeUnixNano":18446744073709551615,"endTimeUnixNano":"1e3","droppedAttributesCount":"7","droppedEventsCount":8,"droppedLinksCount":4294967295,
                "flags":769,"status":{"message":"m","code":2},
                "events":[{"timeUnixNano":"1","name":"e","droppedAttributesCount":2,"attributes":[{"key":"x","value":{"doubleValue":"NaN"}}]}],
                "links":[{"traceId":"000102030405060708090a0b0c0d0e0f","spanId":"0001020304050607","traceState":"l","flags":256,"droppedAttributesCount":1,"attributes":null}],
                "attributes":[
                 {"key":"int","value":{"intValue":"-9223372036854775808"}},{"key":"int2","value":{"intValue":42}},{"key":"zero","value":{"intValue":0}},
                 {"key":"false","value":{"boolValue":false}},{"key":"empty","value":{"stringValue":""}},{"key":"d","value":{"doubleValue":-1.5e-7}},
                 {"key":"inf","value":{"doubleValue":"-Infinity"}},{"key":"b","value":{"bytesValue":"AP/+"}},{"key":"burl","value":{"bytesValue":"AP_-8Q"}},
                 {"key":"a","value":{"arrayValue":{"values":[{"stringValue":"1"},{},{"arrayValue":{"values":[]}}]}}},
                 {"key":"m","value":{"kvlistValue":{"values":[{"key":"n","value":{"intValue":"1"}}]}}}]}]}]}]}
            """;
        var id = ByteString.CopyFrom(Convert.FromHexString("000102030405060708090a0b0c0d0e0f"));
        var spanId = ByteString.CopyFrom(Convert.FromHexString("0001020304050607"));
        KeyValue Attribute(string key, AnyValue value) => new() { Key = key, Value = value };
        var span = new Span
        {
            TraceId = id,
            SpanId = spanId,
            TraceState = "a=b",
            Name = "quote\" é 😀 /",
            Kind = Span.Types.SpanKind.Consumer,
            StartTimeUnixNano = ulong.MaxValue,
            EndTimeUnixNano = 1000,
            DroppedAttributesCount = 7,
            DroppedEventsCount = 8,
            DroppedLinksCount = uint.MaxValue,
            Flags = 769,
            Status = new() { Message = "m", Code = Status.Types.StatusCode.Error },
            Events = { new Span.Types.Event { TimeUnixNano = 1, Name = "e", DroppedAttributesCount = 2, Attributes = { Attribute("x", new() { DoubleValue = double.NaN }) } } },
            Links = { new Span.Types.Link { TraceId = id, SpanId = spanId, TraceState = "l", Flags = 256, DroppedAttributesCount = 1 } },
            Attributes =
            {
                Attribute("int", new() { IntValue = long.MinValue }), Attribute("int2", new() { IntValue = 42 }), Attribute("zero", new() { IntValue = 0 }),
                Attribute("false", new() { BoolValue = false }), Attribute("empty", new() { StringValue = "" }), Attribute("d", new() { DoubleValue = -1.5e-7 }),
                Attribute("inf", new() { DoubleValue = double.NegativeInfinity }), Attribute("b", new() { BytesValue = ByteString.CopyFrom(0, 255, 254) }),
                Attribute("burl", new() { BytesValue = ByteString.CopyFrom(0, 255, 254, 241) }),
                Attribute("a", new() { ArrayValue = new() { Values = { new AnyValue { StringValue = "1" }, new AnyValue(), new AnyValue { ArrayValue = new() } } } }),
                Attribute("m", new() { KvlistValue = new() { Values = { Attribute("n", new() { IntValue = 1 }) } } }),
            },
        };
        var expected = new ExportTraceServiceRequest
        {
            ResourceSpans =
            {
                new ResourceSpans
                {
                    SchemaUrl = "u1",
                    Resource = new() { DroppedAttributesCount = 3, EntityRefs = { new EntityRef { SchemaUrl = "e", Type = "host", IdKeys = { "a", "b" }, DescriptionKeys = { "c" } } } },
                    ScopeSpans = { new ScopeSpans { SchemaUrl = "u2", Scope = new() { Name = "n", Version = "v", DroppedAttributesCount = 1, Attributes = { Attribute("k", new()) } }, Spans = { span } } },
                },
            },
        };

        Assert.Equal(expected, Converted(Signal.Traces, json));
    }

    [Fact]
    public void Convert_EveryMetricField_ArrivesInItsPlace()
    {
        const string json = """
            {"resourceMetrics":[{"scopeMetrics":[{"metrics":[
              {"name":"g","description":"d","unit":"s","metadata":[{"key":"m","value":{"stringValue":"v"}}],"gauge":{"dataPoints":[{"asDouble":0,"timeUnixNano":"2","startTimeUnixNano":"1","flags":1,
                 "exemplars":[{"timeUnixNano":"3","asInt":"-4","spanId":"0001020304050607","traceId":"000102030405060708090a0b0c0d0e0f","filteredAttributes":[{"key":"f","value":{"boolValue":true}}]},{"asDouble":1.5}]}]}},
              {"name":"s","sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[{"asInt":"0"},{"asInt":-5}]}},
              {"name":"h","histogram":{"aggregationTemporality":2,"dataPoints":[{"count":"3","sum":0,"min":0,"max":2.5,"bucketCounts":["1",2],"explicitBounds":[0.5],"flags":0}]}},
              {"name":"e","exponentialHistogram":{"aggregationTemporality":1,"dataPoints":[{"count":4,"sum":1,"scale":-3,"zeroCount":"1","zeroThreshold":0.25,"min":-1,"max":1,
                 "positive":{"offset":-2,"bucketCounts":["1","300"]},"negative":{"offset":7,"bucketCounts":[]}}]}},
              {"name":"q","summary":{"dataPoints":[{"count":"2","sum":3,"quantileValues":[{"quantile":0.5,"value":1},{"quantile":1,"value":"Infinity"}],"attributes":[{"key":"k","value":{"intValue":"1"}}]}]}}]}]}]}
            """;
        var exemplar = new Exemplar
        {
            TimeUnixNano = 3,
            AsInt = -4,
            SpanId = ByteString.CopyFrom(Convert.FromHexString("0001020304050607")),
            TraceId = ByteString.CopyFrom(Convert.FromHexString("000102030405060708090a0b0c0d0e0f")),
            FilteredAttributes = { new KeyValue { Key = "f", Value = new() { BoolValue = true } } },
        };
        var expected = new ExportMetricsServiceRequest
        {
            ResourceMetrics =
            {
                new ResourceMetrics
                {
                    ScopeMetrics =
                    {
                        new ScopeMetrics
                        {
                            Metrics =
                            {
                                new Metric
                                {
                                    Name = "g", Description = "d", Unit = "s", Metadata = { OtlpSamples.Text("m", "v") },
                                    Gauge = new() { DataPoints = { new NumberDataPoint { AsDouble = 0, TimeUnixNano = 2, StartTimeUnixNano = 1, Flags = 1, Exemplars = { exemplar, new Exemplar { AsDouble = 1.5 } } } } },
                                },
                                new Metric
                                {
                                    Name = "s",
                                    Sum = new() { AggregationTemporality = AggregationTemporality.Delta, IsMonotonic = true, DataPoints = { new NumberDataPoint { AsInt = 0 }, new NumberDataPoint { AsInt = -5 } } },
                                },
                                new Metric
                                {
                                    Name = "h",
                                    Histogram = new() { AggregationTemporality = AggregationTemporality.Cumulative, DataPoints = { new HistogramDataPoint { Count = 3, Sum = 0, Min = 0, Max = 2.5, BucketCounts = { 1, 2 }, ExplicitBounds = { 0.5 } } } },
                                },
                                new Metric
                                {
                                    Name = "e",
                                    ExponentialHistogram = new()
                                    {
                                        AggregationTemporality = AggregationTemporality.Delta,
                                        DataPoints =
                                        {
                                            new ExponentialHistogramDataPoint
                                            {
                                                Count = 4, Sum = 1, Scale = -3, ZeroCount = 1, ZeroThreshold = 0.25, Min = -1, Max = 1,
                                                Positive = new() { Offset = -2, BucketCounts = { 1, 300 } }, Negative = new() { Offset = 7 },
                                            },
                                        },
                                    },
                                },
                                new Metric
                                {
                                    Name = "q",
                                    Summary = new()
                                    {
                                        DataPoints =
                                        {
                                            new SummaryDataPoint
                                            {
                                                Count = 2, Sum = 3, Attributes = { new KeyValue { Key = "k", Value = new() { IntValue = 1 } } },
                                                QuantileValues =
                                                {
                                                    new SummaryDataPoint.Types.ValueAtQuantile { Quantile = 0.5, Value = 1 },
                                                    new SummaryDataPoint.Types.ValueAtQuantile { Quantile = 1, Value = double.PositiveInfinity },
                                                },
                                            },
                                        },
                                    },
                                },
                            },
                        },
                    },
                },
            },
        };

        Assert.Equal(expected, Converted(Signal.Metrics, json));
    }

    [Fact]
    public void Convert_EveryLogField_ArrivesInItsPlace()
    {
        const string json = """
            {"resourceLogs":[{"resource":null,"scopeLogs":[{"logRecords":[{"timeUnixNano":"1","observedTimeUnixNano":2,"severityNumber":9,"severityText":"INFO","body":{"kvlistValue":{"values":[]}},
             "attributes":[{"key":"k","value":null}],"droppedAttributesCount":1,"flags":1,"traceId":"000102030405060708090A0B0C0D0E0F","spanId":"0001020304050607","eventName":"e"}]}]}]}
            """;
        var request = (ExportLogsServiceRequest)Converted(Signal.Logs, json);

        var record = Assert.Single(Assert.Single(Assert.Single(request.ResourceLogs).ScopeLogs).LogRecords);
        Assert.Null(request.ResourceLogs[0].Resource);
        Assert.Equal((1UL, 2UL, 9, "INFO", 1U, 1U, "e"), (record.TimeUnixNano, record.ObservedTimeUnixNano, (int)record.SeverityNumber, record.SeverityText,
            record.DroppedAttributesCount, record.Flags, record.EventName));
        Assert.Equal(AnyValue.ValueOneofCase.KvlistValue, record.Body.ValueCase);
        Assert.Equal("000102030405060708090A0B0C0D0E0F", Convert.ToHexString(record.TraceId.Span));
        Assert.Equal("0001020304050607", Convert.ToHexString(record.SpanId.Span));
        Assert.Equal(new KeyValue { Key = "k" }, Assert.Single(record.Attributes));
    }

    [Theory]
    [InlineData("", "JSON")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("""{"resourceSpans":[""", "near byte")]
    [InlineData("""{"resourceSpans":[]} x""", "near byte")]
    [InlineData("""{"resourceSpans":{}}""", "resourceSpans must be an array")]
    [InlineData("""{"resourceSpans":[1]}""", "resourceSpans[0] must be an object")]
    [InlineData("""{"resourceSpans":[{"schemaUrl":5}]}""", "resourceSpans[0].schemaUrl must be a string")]
    [InlineData("""{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":"SPAN_KIND_SERVER"}]}]}]}""", "spans[0].kind must be an integer")]
    [InlineData("""{"resourceSpans":[{"scopeSpans":[{"spans":[{"spanId":"5759e988bd862e3fe1be46a994272793"}]}]}]}""", "spanId must have 16 hex digits")]
    [InlineData("""{"resourceSpans":[{"scopeSpans":[{"spans":[{"spanId":"5759e988bd862e3g"}]}]}]}""", "spanId must have 16 hex digits")]
    [InlineData("""{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":-1}]}]}]}""", "startTimeUnixNano must be an unsigned")]
    [InlineData("""{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":"1.5"}]}]}]}""", "startTimeUnixNano must be an unsigned")]
    [InlineData("""{"resourceSpans":[{"scopeSpans":[{"spans":[{"flags":4294967296}]}]}]}""", "flags must be an unsigned 32-bit")]
    [InlineData("""{"resourceSpans":[{"resource":{"attributes":[{"value":{"intValue":"9223372036854775808"}}]}}]}""", "attributes[0].value.intValue must be a 64-bit")]
    [InlineData("""{"resourceSpans":[{"resource":{"attributes":[{"value":{"doubleValue":"nan"}}]}}]}""", "doubleValue must be a number")]
    [InlineData("""{"resourceSpans":[{"resource":{"attributes":[{"value":{"doubleValue":1e999}}]}}]}""", "doubleValue must be a number")]
    [InlineData("""{"resourceSpans":[{"resource":{"attributes":[{"value":{"boolValue":"true"}}]}}]}""", "boolValue must be true or false")]
    [InlineData("""{"resourceSpans":[{"resource":{"attributes":[{"value":{"bytesValue":"*"}}]}}]}""", "bytesValue must be a base64 string")]
    public void Convert_BadInput_NamesErrorAndPlace(string json, string expected)
    {
        using var writer = new OtlpWriter();

        Assert.Contains(expected, OtlpJsonConverter.Convert(Signal.Traces, Encoding.UTF8.GetBytes(json), writer), StringComparison.Ordinal);
    }

    /// <summary>A lone surrogate as SDKs write it when they cut text, and the same as bytes.</summary>
    [Theory]
    [InlineData("a\\ud83d")]
    [InlineData("\\ude80 b")]
    [InlineData("\\ud83d\\u0041")]
    [InlineData("a\u0001b")]
    [InlineData("\\n\u0001")]
    public void Convert_AnyStringThatIsNotUnicode_IsReplaced(string text)
    {
        // The marks represent bytes that a text cannot contain.
        var bytes = Encoding.UTF8.GetBytes(text).Select(b => b == 1 ? (byte)0xff : b).ToArray();
        Assert.All(OtlpStringFields.All(), field =>
        {
            using var writer = new OtlpWriter(16);
            Assert.Null(OtlpJsonConverter.Convert(field.Signal, OtlpStringFields.Json(field.Path, bytes), writer));

            Assert.Null(OtlpRequestValidator.Check(field.Signal, writer.Written).Problem);
            Assert.True(writer.Written.IndexOf("\ufffd"u8) >= 0);
        });
    }

    [Fact]
    public void Convert_UnknownMemberThatIsNotUnicode_IsIgnored() =>
        Assert.Equal(new ExportTraceServiceRequest { ResourceSpans = { new ResourceSpans { SchemaUrl = "u" } } },
            Converted(Signal.Traces, """{"\ud800":1,"resourceSpans":[{"\udc00x":{"a":"\ud800"},"schemaUrl":"u"}]}"""));

    [Theory]
    [InlineData("", 1)]
    [InlineData("""{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":"X"},{},{"events":[{}]}]},{"spans":[{}]}]}]}""", 4)]
    [InlineData("""{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"spans":[1,2]}},{},{"a":""", 3)]
    [InlineData("""{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"sum":{"dataPoints":[{},{}]}},{"gauge":{"dataPoints":[{}]}}]}]}]}""", 3)]
    public void CountRecords_RefusedRequest_CountsWhatIsThere(string json, int expected) =>
        Assert.Equal(expected, OtlpJsonConverter.CountRecords(Encoding.UTF8.GetBytes(json)));

    [Theory]
    [InlineData(40, true)]
    [InlineData(60, false)]
    [InlineData(100_000, false)]
    public void Convert_DeepNesting_IsBounded(int depth, bool valid)
    {
        using var writer = new OtlpWriter();
        var json = """{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":"""
            + string.Concat(Enumerable.Repeat("""{"arrayValue":{"values":[""", depth)) + "{}" + string.Concat(Enumerable.Repeat("]}}", depth)) + "}]}]}]}";

        Assert.Equal(valid, OtlpJsonConverter.Convert(Signal.Logs, Encoding.UTF8.GetBytes(json), writer) is null);
    }

    [Fact]
    public void Convert_RandomlyDamagedJson_NeverThrowsAndAcceptsOnlyWhatParses()
    {
        var random = new Random(4);
        var good = Encoding.UTF8.GetBytes(SmallTrace);
        for (var i = 0; i < 20_000; i++)
        {
            using var writer = new OtlpWriter(1024);
            var bytes = OtlpRequestValidatorTests.Damage([.. good], random);
            if (OtlpJsonConverter.Convert(Signal.Traces, bytes, writer) is not null)
                continue;
            Assert.Null(OtlpRequestValidator.Check(Signal.Traces, writer.Written).Problem);
            OtlpSamples.Parse(Signal.Traces, writer.ToArray());
        }
    }

    private const string SmallTrace =
        """{"resourceSpans":[{"resource":{"attributes":[{"key":"a","value":{"arrayValue":{"values":[{"intValue":"1"},{"doubleValue":1.5}]}}}]},"scopeSpans":[{"spans":[{"traceId":"5759e988bd862e3fe1be46a994272793","name":"d\u00e9","kind":2,"startTimeUnixNano":"1754913600000000000"}]}]}]}""";

    private static IMessage Converted(Signal signal, string json)
    {
        using var writer = new OtlpWriter(16);
        Assert.Null(OtlpJsonConverter.Convert(signal, Encoding.UTF8.GetBytes(json), writer));
        Assert.Null(OtlpRequestValidator.Check(signal, writer.Written).Problem);
        return OtlpSamples.Parse(signal, writer.ToArray());
    }
}
