using System.Diagnostics;
using OpenTelemetry.Proto.Collector.Trace.V1;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Spans;
using TelemetryExtension.Tests.Otlp;

namespace TelemetryExtension.Tests.Processing.Spans;

public class SpanExportTests
{
    private static readonly ActivityTraceId TraceId = ActivityTraceId.CreateFromString("5759e988bd862e3fe1be46a994272793");
    private static readonly ActivitySpanId SpanId = ActivitySpanId.CreateFromString("53995c3f42cd8ad8");

    [Fact]
    public void SpanIdAccessor_Set_ChangesTheIdThatIsRead()
    {
        using var activity = new Activity("any").SetParentId(TraceId, default);

        SpanIdAccessor.Set(activity, SpanId);

        Assert.Equal(SpanId, activity.SpanId);
    }

    [Fact]
    public void Encode_TwoSpans_GivesOnePayloadWithTheirCount()
    {
        using var export = new SpanExport([new("service.name", "demo")]);
        var span = new SpanData("demo", ActivityKind.Server, TraceId, SpanId, null, 1_754_913_600_000_000_000, 1_754_913_600_250_000_000, null, []);

        var payload = export.Encode([span, span], DateTimeOffset.UnixEpoch);

        Assert.NotNull(payload);
        Assert.Equal(2, payload.Records);
        var request = ExportTraceServiceRequest.Parser.ParseFrom(payload.Body.Span);
        var decoded = request.ResourceSpans.SelectMany(resource => resource.ScopeSpans).SelectMany(scope => scope.Spans).ToList();
        Assert.Equal(2, decoded.Count);
        var scope = request.ResourceSpans.Single().ScopeSpans.Single();
        Assert.Equal(("telemetry-extension", "https://opentelemetry.io/schemas/1.44.0"), (scope.Scope.Name, scope.SchemaUrl));
        Assert.Equal("service.name", Assert.Single(request.ResourceSpans.Single().Resource.Attributes).Key);
        Assert.Equal(Convert.FromHexString("53995c3f42cd8ad8"), decoded[0].SpanId.ToByteArray());
        Assert.Empty(decoded[0].ParentSpanId);
    }

    [Theory]
    [InlineData(ActivityKind.Server, true, 0x301)]
    [InlineData(ActivityKind.Server, false, 0x101)]
    [InlineData(ActivityKind.Internal, true, 0x101)]
    public void Encode_ParentOfAServerSpan_IsRemote(ActivityKind kind, bool hasParent, uint expected)
    {
        using var export = new SpanExport([new("service.name", "demo")]);
        var parent = hasParent ? ActivitySpanId.CreateFromString("1111111111111111") : (ActivitySpanId?)null;

        var payload = export.Encode([new("demo", kind, TraceId, SpanId, parent, 1, 2, null, [])], DateTimeOffset.UnixEpoch);

        Assert.Equal(expected, Assert.Single(payload!.Spans()).Flags);
    }

    /// <summary>One span with more and longer attributes than any limit of the tests.</summary>
    internal static byte[] Encoded()
    {
        using var export = new SpanExport([new("service.name", "demo of a long name")]);
        var attributes = Enumerable.Range(0, 10).Select(number => new KeyValuePair<string, object?>($"attribute {number}", "a value of some length"));
        ActivityContext[] links = [new(TraceId, SpanId, default), new(TraceId, SpanId, default)];
        var span = new SpanData("demo", ActivityKind.Server, TraceId, SpanId, null, 1, 2, "what went wrong", [.. attributes]) { Links = links };
        return export.Encode([span], DateTimeOffset.UnixEpoch)!.Body.ToArray();
    }
}
