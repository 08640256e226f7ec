using TelemetryExtension.Processing.Invocations;

namespace TelemetryExtension.Tests.Processing.Invocations;

public class InvocationIdsTests
{
    private const string RequestId = "3da1f2dc-3222-475e-9205-e2e6c6318895";
    private const string Root = "Root=1-5759e988-bd862e3fe1be46a994272793";
    private const string TraceId = "5759e988bd862e3fe1be46a994272793";

    [Fact]
    public void Decide_ActiveTracing_IsLambdasSegmentUnderTheCaller()
    {
        var ids = Decide(new("54565fb41ac79632", Root + ";Parent=53995c3f42cd8ad8;Sampled=1"), Root + ";Parent=54565fb41ac79632;Sampled=1");

        Assert.Equal((TraceId, "54565fb41ac79632", "53995c3f42cd8ad8", true), ids);
    }

    [Fact]
    public void Decide_ActiveTracingWithoutCaller_IsARoot()
    {
        var ids = Decide(new("54565fb41ac79632", Root + ";Parent=54565fb41ac79632;Sampled=1"), Root + ";Parent=54565fb41ac79632;Sampled=1");

        Assert.Equal((TraceId, "54565fb41ac79632", null, true), ids);
    }

    [Fact]
    public void Decide_Unsampled_IsTheParentThatTheFunctionSees()
    {
        var ids = Decide(new(null, Root + ";Parent=53995c3f42cd8ad8;Sampled=0"), Root + ";Parent=53995c3f42cd8ad8;Sampled=0");

        Assert.Equal((TraceId, "53995c3f42cd8ad8", null, false), ids);
    }

    [Fact]
    public void Decide_FunctionSeesAnotherParent_IsThatOneUnderTheCaller()
    {
        var ids = Decide(new(null, Root + ";Parent=53995c3f42cd8ad8;Sampled=1"), Root + ";Parent=1111111111111111;Sampled=1");

        Assert.Equal((TraceId, "1111111111111111", "53995c3f42cd8ad8", true), ids);
    }

    [Fact]
    public void Decide_PassThroughSampled_IsNewUnderTheCaller()
    {
        var ids = Decide(new(null, Root + ";Parent=53995c3f42cd8ad8;Sampled=1"), Root + ";Parent=53995c3f42cd8ad8;Sampled=1");

        Assert.Equal((TraceId, "53995c3f42cd8ad8", true), (ids.Trace, ids.Parent, ids.Sampled));
        Assert.NotEqual("53995c3f42cd8ad8", ids.Span);
    }

    [Fact]
    public void Decide_RootOnly_IsANewRootInThatTrace()
    {
        var ids = Decide(new(null, Root), null);

        Assert.Equal((TraceId, null, null), (ids.Trace, ids.Parent, ids.Sampled));
    }

    [Fact]
    public void Decide_NoHeaderAtAll_IsTheSameEveryTimeAndDiffersPerRun()
    {
        var first = InvocationIds.Decide(RequestId, default, default, 1);

        Assert.Equal(first, InvocationIds.Decide(RequestId, default, default, 1));
        Assert.Equal("3da1f2dc3222475e9205e2e6c6318895", first.TraceId.ToHexString());
        Assert.NotEqual(first.SpanId, InvocationIds.Decide(RequestId, default, default, 2).SpanId);
        Assert.NotEqual(first.SpanId, InvocationIds.Decide("3da1f2dc-3222-475e-9205-e2e6c6318896", default, default, 1).SpanId);
    }

    private static (string Trace, string Span, string? Parent, bool? Sampled) Decide(PlatformTracing tracing, string? invokeHeader)
    {
        var ids = InvocationIds.Decide(RequestId, tracing, XRayTraceHeader.Parse(invokeHeader));
        return (ids.TraceId.ToHexString(), ids.SpanId.ToHexString(), ids.Parent?.ToHexString(), ids.Sampled);
    }
}
