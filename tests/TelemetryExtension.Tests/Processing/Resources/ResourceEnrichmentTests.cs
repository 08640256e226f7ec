using Google.Protobuf;
using OpenTelemetry.Proto.Collector.Trace.V1;
using OpenTelemetry.Proto.Trace.V1;
using TelemetryExtension.Processing.Resources;
using TelemetryExtension.Tests.Ingest.OtlpReceiver;

namespace TelemetryExtension.Tests.Processing.Resources;

public sealed class ResourceEnrichmentTests
{
    private static readonly ResourceEnrichment Enrichment = new(new Dictionary<string, object>
    {
        ["faas.name"] = "our-function",
        ["cloud.region"] = "eu-central-1",
    });

    [Fact]
    public void TryEnrich_MissingAttributes_AreAddedAndNothingElseChanges()
    {
        // 2000 spans: the length of the outer message keeps its size, that of the resource changes it.
        var sent = OtlpSamples.Trace(spans: 2000);
        var expected = ExportTraceServiceRequest.Parser.ParseFrom(sent);
        expected.ResourceSpans[0].Resource.Attributes.Add([OtlpSamples.Text("faas.name", "our-function"), OtlpSamples.Text("cloud.region", "eu-central-1")]);

        Assert.Equal(expected, Enriched(sent));
    }

    [Fact]
    public void TryEnrich_PresentAttribute_Wins()
    {
        var request = new ExportTraceServiceRequest
        {
            ResourceSpans = { new ResourceSpans { SchemaUrl = "s", Resource = new() { Attributes = { OtlpSamples.Text("faas.name", "theirs") }, DroppedAttributesCount = 1 } } },
        };
        var expected = request.Clone();
        expected.ResourceSpans[0].Resource.Attributes.Add(OtlpSamples.Text("cloud.region", "eu-central-1"));

        Assert.Equal(expected, Enriched(request.ToByteArray()));
    }

    [Fact]
    public void TryEnrich_NoResource_GetsOne()
    {
        var enriched = Enriched(new ExportTraceServiceRequest { ResourceSpans = { new ResourceSpans { SchemaUrl = "s" }, new ResourceSpans { Resource = new() } } }.ToByteArray())!;

        Assert.All(enriched.ResourceSpans, item => Assert.Equal(["faas.name", "cloud.region"], item.Resource.Attributes.Select(attribute => attribute.Key)));
        Assert.Equal("s", enriched.ResourceSpans[0].SchemaUrl);
    }

    [Fact]
    public void TryEnrich_NothingMissing_IsNothingToDo()
    {
        var sent = new ExportTraceServiceRequest
        {
            ResourceSpans = { new ResourceSpans { Resource = new() { Attributes = { OtlpSamples.Text("cloud.region", ""), OtlpSamples.Text("faas.name", "theirs") } } } },
        }.ToByteArray();

        Assert.Null(Enriched(sent));
    }

    [Fact]
    public void TryEnrich_ResourceInTwoParts_IsRead_AsParsersMergeIt()
    {
        byte[] name = [.. new OpenTelemetry.Proto.Resource.V1.Resource { Attributes = { OtlpSamples.Text("faas.name", "theirs") } }.ToByteArray()];
        byte[] item = [0x0a, 0x00, 0x0a, (byte)name.Length, .. name];
        byte[] sent = [0x0a, (byte)item.Length, .. item];

        var keys = Enriched(sent)!.ResourceSpans[0].Resource.Attributes.Select(attribute => attribute.Key).Order();

        Assert.Equal(["cloud.region", "faas.name"], keys);
    }

    private static ExportTraceServiceRequest? Enriched(byte[] request)
    {
        var body = Enrichment.TryEnrich(request);
        var message = body is null ? null : ExportTraceServiceRequest.Parser.ParseFrom(body);
        return message;
    }
}
