using Google.Protobuf;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Trace.V1;
using TelemetryExtension.Processing.Invocations;
using Kind = OpenTelemetry.Proto.Trace.V1.Span.Types.SpanKind;

namespace TelemetryExtension.Tests.Processing.Invocations;

public class FunctionSpanReaderTests
{
    private const string Id = "3da1f2dc-3222-475e-9205-e2e6c6318895";

    [Theory]
    [InlineData("faas.invocation_id", Kind.Server)]
    [InlineData("faas.execution", Kind.Server)]
    [InlineData("faas.invocation_id", Kind.Consumer)]
    public void Read_SpanOfAnInvocation_HasItsIds(string key, Kind kind)
    {
        var found = Assert.Single(Read(Span(kind, (key, Id), ("faas.trigger", "http"), ("http.route", "/orders/{id}"), ("url.path", "/orders/7")))!);

        Assert.Equal((Id, kind == Kind.Server, "http"), (found.RequestId, found.IsServer, found.Trigger));
        Assert.Equal("0af7651916cd43dd8448eb211c80319c b7ad6b7169203331 00f067aa0ba902b7", $"{found.TraceId} {found.SpanId} {found.Parent}");
        Assert.Equal([new("faas.trigger", "http"), new("http.route", "/orders/{id}")], found.Attributes);
    }

    [Fact]
    public void Read_MessagingAttributes_AreTakenWithTheirTypes()
    {
        var span = Span(Kind.Server, ("faas.invocation_id", Id), ("messaging.system", "aws_sqs"), ("messaging.system", "again"));
        span.Attributes.Add(new KeyValue { Key = "messaging.batch.message_count", Value = new() { IntValue = 10 } });
        span.Attributes.Add(new KeyValue { Key = "messaging.flag", Value = new() { BoolValue = true } });

        Assert.Equal([new("messaging.system", "aws_sqs"), new("messaging.batch.message_count", 10L)], Assert.Single(Read(span)!).Attributes);
    }

    [Fact]
    public void Read_OtherSpans_FindsNone()
    {
        var withoutSpanId = Span(Kind.Server, ("faas.invocation_id", Id));
        withoutSpanId.SpanId = ByteString.Empty;

        Assert.Null(Read(
            Span(Kind.Internal, ("faas.invocation_id", Id)), Span(Kind.Client, ("faas.invocation_id", Id)), Span(Kind.Server, ("http.route", "/")),
            Span(Kind.Server, ("faas.invocation_id", "")), withoutSpanId));
    }

    [Fact]
    public void Read_RootSpanAmongMany_IsFoundWithoutParent()
    {
        var root = Span(Kind.Server, ("faas.invocation_id", Id));
        root.ParentSpanId = ByteString.Empty;

        Assert.Null(Assert.Single(Read([.. Enumerable.Repeat(Span(Kind.Internal, ("a", "b")), 50), root, Span(Kind.Client)])!).Parent);
    }

    [Fact]
    public void Read_HugeText_IsNotTaken() =>
        Assert.Empty(Assert.Single(Read(Span(Kind.Server, ("faas.invocation_id", Id), ("http.route", new string('x', 2000))))!).Attributes);

    private static List<FunctionSpan>? Read(params Span[] spans)
    {
        var scope = new ScopeSpans { Scope = new() { Name = "@opentelemetry/instrumentation-aws-lambda" } };
        scope.Spans.AddRange(spans);
        return FunctionSpanReader.Read(new ExportTraceServiceRequest { ResourceSpans = { new ResourceSpans { Resource = new(), ScopeSpans = { scope } } } }.ToByteArray());
    }

    internal static Span Span(Kind kind, params (string Key, string Value)[] attributes)
    {
        var span = new Span
        {
            TraceId = ByteString.CopyFrom(Convert.FromHexString("0af7651916cd43dd8448eb211c80319c")),
            SpanId = ByteString.CopyFrom(Convert.FromHexString("b7ad6b7169203331")),
            ParentSpanId = ByteString.CopyFrom(Convert.FromHexString("00f067aa0ba902b7")),
            Name = "orders",
            Kind = kind,
        };
        foreach (var (key, value) in attributes)
            span.Attributes.Add(new KeyValue { Key = key, Value = new() { StringValue = value } });
        return span;
    }
}
