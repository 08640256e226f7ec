using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Resource.V1;
using OpenTelemetry.Proto.Trace.V1;
using TelemetryExtension.Otlp;
using TelemetryExtension.Tests.Ingest.OtlpReceiver;
using static TelemetryExtension.Tests.Otlp.OtlpRequestValidatorTests;

namespace TelemetryExtension.Tests.Otlp;

public sealed class OtlpRepairTests
{
    /// <summary>A placeholder of the same length as its replacement, which does not occur in requests by chance.</summary>
    private static readonly byte[] Placeholder = "\u07ff"u8.ToArray();

    private static readonly byte[][] NotUtf8 = [[0xff, 0xfe], [0xc3, 0x28], [0xed, 0xa0], [0x80, 0x80], [0xe2, 0x82]];

    [Fact]
    public void Write_AnyStringFieldThatIsNotUtf8_IsReplacedAndItsRecordKept()
    {
        var paths = OtlpStringFields.All().ToList();
        Assert.True(paths.Count > 100, $"{paths.Count} fields");
        Assert.All(paths, field =>
        {
            var request = OtlpStringFields.Protobuf(field.Path, [(byte)'a', 0xff, (byte)'b']);
            var check = OtlpRequestValidator.Check(field.Signal, request);
            Assert.Equal((null, true), (check.Problem, check.NeedsRepair));

            var repaired = Repaired(field.Signal, request);

            Assert.Empty(OtlpRules.Check(OtlpSamples.Parse(field.Signal, repaired), repaired));
            Assert.True(repaired.AsSpan().IndexOf("a\ufffdb"u8) >= 0);
            Assert.Equal(new(null, check.Records, NeedsRepair: false), OtlpRequestValidator.Check(field.Signal, repaired));
        });
    }

    [Fact]
    public void Check_TextOfAnyLanguage_NeedsNoRepair() => Assert.All(OtlpStringFields.All(), field =>
    {
        // A value without a key does not occur in such a request.
        if (field.Path.SkipLast(field.Path[^1].Name == "key" ? 2 : 1).Any(step => step.MessageTypeIs(KeyValue.Descriptor)))
            return;
        Assert.False(OtlpRequestValidator.Check(field.Signal, OtlpStringFields.Protobuf(field.Path, "Grüße 🚀 \u0000 日本"u8.ToArray())).NeedsRepair);
    });

    [Fact]
    public void Write_KeyTwice_LastValueStays()
    {
        var span = new Span { Attributes = { OtlpSamples.Text("a", "1"), OtlpSamples.Text("b", "2"), OtlpSamples.Text("a", "3") } };

        Assert.Equal([("b", "2"), ("a", "3")], Attributes(RepairedSpan(span)));
    }

    [Fact]
    public void Write_EmptyKey_IsNamed() =>
        Assert.Equal([(OtlpRepair.EmptyKey, "1")], Attributes(RepairedSpan(new Span { Attributes = { OtlpSamples.Text("", "1") } })));

    [Fact]
    public void Write_ResourceInTwoParts_IsMerged()
    {
        byte[] parts = [.. Part("1"), .. Part("2")];
        byte[] request = [0x0a, (byte)parts.Length, .. parts];
        Assert.True(OtlpRequestValidator.Check(Signal.Traces, request).NeedsRepair);

        var repaired = (ExportTraceServiceRequest)OtlpSamples.Parse(Signal.Traces, Repaired(Signal.Traces, request));

        Assert.Equal("2", Assert.Single(repaired.ResourceSpans.Single().Resource.Attributes).Value.StringValue);

        static byte[] Part(string value) => new ResourceSpans { Resource = new Resource { Attributes = { OtlpSamples.Text("a", value) } } }.ToByteArray();
    }

    [Fact]
    public void Write_MoreAttributesThanAreLookedAt_AllStay()
    {
        var span = new Span();
        span.Attributes.AddRange(Enumerable.Range(0, 3 * AttributeKeys.StackSize).Select(number => OtlpSamples.Text($"key {number}", "x")));
        var request = Request(span);
        Assert.True(OtlpRequestValidator.Check(Signal.Traces, request).NeedsRepair);

        Assert.Equal(request, Repaired(Signal.Traces, request));
    }

    /// <summary>Nested lists, repeated and empty keys, cut and damaged texts: the number of spans is unchanged, and the result follows the rules.</summary>
    [Fact]
    public void Write_AnyRequest_KeepsTheRulesAndTheRecords() => Prop.ForAll(Requests.ToArbitrary(), given =>
    {
        var (spans, seed) = given;
        var random = new Random(seed);
        var request = Request([.. spans]);
        for (var at = request.AsSpan().IndexOf(Placeholder); at >= 0; at = request.AsSpan().IndexOf(Placeholder))
            NotUtf8[random.Next(NotUtf8.Length)].CopyTo(request, at);

        var check = OtlpRequestValidator.Check(Signal.Traces, request);
        var sent = check.NeedsRepair ? Repaired(Signal.Traces, request) : request;

        Assert.Equal((null, spans.Length), (check.Problem, check.Records));
        var parsed = (ExportTraceServiceRequest)OtlpSamples.Parse(Signal.Traces, sent);
        Assert.Empty(OtlpRules.Check(parsed, sent));
        Assert.Equal(spans.Select(span => span.SpanId), parsed.ResourceSpans.Single().ScopeSpans.Single().Spans.Select(span => span.SpanId));
        Assert.Equal(new(null, spans.Length, NeedsRepair: false), OtlpRequestValidator.Check(Signal.Traces, sent));
    }).Check(Config.QuickThrowOnFailure);

    private static Gen<(Span[] Spans, int Seed)> Requests
    {
        get
        {
            var text = Gen.Elements("", "a", "b", "key", "http.request.method", "\u07ff", "x\u07ffy", "\u07ff\u07ff");
            var attribute = Attribute(text, 2);
            var span = from name in text
                       from attributes in attribute.ListOf()
                       from events in attribute.ListOf()
                       from links in attribute.ListOf()
                           // None of its bytes begins a placeholder.
                       from id in Gen.Choose(1, int.MaxValue).Select(number => number & 0x7f7f7f7f)
                       select new Span
                       {
                           Name = name,
                           TraceId = OtlpSamples.Id(16, 0),
                           SpanId = ByteString.CopyFrom([.. BitConverter.GetBytes(id), 1, 2, 3, 4]),
                           Attributes = { attributes },
                           Events = { new Span.Types.Event { Name = name, Attributes = { events } } },
                           Links = { new Span.Types.Link { TraceState = name, Attributes = { links } } },
                       };
            return from spans in span.ArrayOf() from seed in Gen.Choose(0, int.MaxValue) select (spans, seed);
        }
    }

    private static Gen<KeyValue> Attribute(Gen<string> text, int depth)
    {
        var value = text.Select(one => new AnyValue { StringValue = one });
        if (depth > 0)
            value = Gen.OneOf(
                value,
                Attribute(text, depth - 1).ListOf().Select(pairs => new AnyValue { KvlistValue = new() { Values = { pairs } } }),
                Attribute(text, depth - 1).Select(pair => new AnyValue { ArrayValue = new() { Values = { pair.Value } } }));
        return from key in text from one in value select new KeyValue { Key = key, Value = one };
    }

    private static Span RepairedSpan(Span span)
    {
        var request = Request(span);
        Assert.True(OtlpRequestValidator.Check(Signal.Traces, request).NeedsRepair);
        return ((ExportTraceServiceRequest)OtlpSamples.Parse(Signal.Traces, Repaired(Signal.Traces, request))).ResourceSpans.Single().ScopeSpans.Single().Spans.Single();
    }

    private static byte[] Request(params Span[] spans) => new ExportTraceServiceRequest
    {
        ResourceSpans = { new ResourceSpans { ScopeSpans = { new ScopeSpans { Spans = { spans } } } } },
    }.ToByteArray();

    private static IEnumerable<(string, string)> Attributes(Span span) => span.Attributes.Select(pair => (pair.Key, pair.Value.StringValue));
}
