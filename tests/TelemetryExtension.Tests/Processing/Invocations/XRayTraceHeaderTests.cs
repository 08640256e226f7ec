using TelemetryExtension.Processing.Invocations;

namespace TelemetryExtension.Tests.Processing.Invocations;

public class XRayTraceHeaderTests
{
    [Fact]
    public void Parse_CompleteHeader_GivesW3CIds()
    {
        var header = XRayTraceHeader.Parse("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1");

        Assert.Equal("5759e988bd862e3fe1be46a994272793", header.Root?.ToHexString());
        Assert.Equal("53995c3f42cd8ad8", header.Parent?.ToHexString());
        Assert.True(header.Sampled);
    }

    [Theory]
    [InlineData("Sampled=0 ; Parent=53995C3F42CD8AD8;Lineage=25:a87bd80c:1; Root=1-5759E988-bd862e3fe1be46a994272793;Self=x")]
    [InlineData(" Root = 1-5759e988-bd862e3fe1be46a994272793 ;Parent= 53995c3f42cd8ad8;;Sampled=0;")]
    public void Parse_AnyOrderBlanksCaseAndUnknownKeys_GivesTheSame(string value)
    {
        var header = XRayTraceHeader.Parse(value);

        Assert.Equal("5759e988bd862e3fe1be46a994272793", header.Root?.ToHexString());
        Assert.Equal("53995c3f42cd8ad8", header.Parent?.ToHexString());
        Assert.False(header.Sampled);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(";;=;Root;Parent=;Sampled=?")]
    [InlineData("Root=1-00000000-000000000000000000000000;Parent=0000000000000000")]
    [InlineData("Root=1-5759e988-bd862e3fe1be46a99427279;Parent=53995c3f42cd8ad")]
    [InlineData("Root=2-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8adg")]
    public void Parse_NothingUsable_GivesNothing(string? value) => Assert.Equal(default, XRayTraceHeader.Parse(value));
}
