using TelemetryExtension.Configuration;
using TelemetryExtension.Processing.Invocations;

namespace TelemetryExtension.Tests.Processing.Invocations;

public class TraceRulesTests
{
    /// <summary>0x6899d7c0 is the second in which the request starts.</summary>
    private const string Fresh = "Root=1-6899d7c0-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8";
    private const long Start = 0x6899d7c0 * 1000L;

    [Theory]
    [InlineData(Fresh + ";Sampled=1", true, false)]
    [InlineData(Fresh + ";Sampled=1", false, true)]
    [InlineData(Fresh + ";Sampled=1;Lineage=25:a87bd80c:1", true, true)]
    [InlineData(Fresh + ";Sampled=0", false, false)]
    [InlineData("Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=53995c3f42cd8ad8;Sampled=1", true, true)]
    [InlineData("Root=1-f0f76519-16cd43dd8448eb211c80319c;Parent=53995c3f42cd8ad8;Sampled=1", true, true)]
    public void KeepsParent_ByItself_UnlessOnlyXRayHasIt(string header, bool ownSegment, bool keeps) =>
        Assert.Equal(keeps, new TraceRules().KeepsParent(XRayTraceHeader.Parse(header), ownSegment, Start));

    [Theory]
    [InlineData("Keep", false, true)]
    [InlineData("Root", true, false)]
    [InlineData("Auto", true, true)]
    public void KeepsParent_BySettings_IsTheirChoice(string rule, bool reachesXRay, bool keeps) =>
        Assert.Equal(keeps, new TraceRules(false, Enum.Parse<ParentRule>(rule), reachesXRay).KeepsParent(XRayTraceHeader.Parse(Fresh + ";Sampled=1"), true, Start));

    [Fact]
    public void KeepsParent_OfATraceThatXRayWouldRefuse_Keeps() =>
        Assert.True(new TraceRules().KeepsParent(XRayTraceHeader.Parse(Fresh + ";Sampled=1"), true, Start + (31L * 86_400_000)));

    [Fact]
    public void Decide_ActiveTracingWithAParentOfXRays_IsARootInThatTrace()
    {
        var ids = InvocationIds.Decide(
            "3da1f2dc-3222-475e-9205-e2e6c6318895", new("54565fb41ac79632", Fresh + ";Sampled=1"), XRayTraceHeader.Parse(Fresh.Replace("53995c3f42cd8ad8", "54565fb41ac79632") + ";Sampled=1"), Start);

        Assert.Equal(("54565fb41ac79632", null, "6899d7c0bd862e3fe1be46a994272793"), (ids.SpanId.ToHexString(), ids.Parent, ids.TraceId.ToHexString()));
    }
}
