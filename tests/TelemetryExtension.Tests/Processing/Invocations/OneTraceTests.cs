using System.Diagnostics;
using System.Text;
using TelemetryExtension.Configuration;
using TelemetryExtension.Processing.Invocations;

namespace TelemetryExtension.Tests.Processing.Invocations;

/// <summary>The invocation joins the trace of the function's own span (docs/decisions/0010).</summary>
public class OneTraceTests
{
    private const string Id = "3da1f2dc-3222-475e-9205-e2e6c6318895";
    private const string XRayTrace = "5759e988bd862e3fe1be46a994272793";
    private const string Sampled = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    private const string Unsampled = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0";
    private const string CallersTrace = "0af7651916cd43dd8448eb211c80319c";
    private readonly InvocationTracker _tracker = new("orders");

    [Theory]
    [InlineData(Unsampled, null, false)]
    [InlineData(Sampled, "54565fb41ac79632", true)]
    public void FunctionSpan_InACallersTrace_HasTheWholeInvocationBelowIt(string header, string? segment, bool linked)
    {
        _tracker.Apply(Events.InitStart(Ms(100), "on-demand", "init"));
        _tracker.Apply(new PlatformEvent.InitReport(Ms(500), "success", null, 400));
        _tracker.OnInvoke(Id, "", header, Ms(990));
        _tracker.Apply(Events.Start(Id, Ms(1000), header, segment));
        _tracker.OnFunctionSpan(Span(CallersTrace, "00f067aa0ba902b7"));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250, spans: [new("responseLatency", Ms(1000), 240)]));

        var server = _tracker.Spans[0];
        Assert.Equal((CallersTrace, "b7ad6b7169203331"), (server.TraceId.ToHexString(), server.ParentSpanId?.ToHexString()));
        Assert.Equal(["orders", "responseLatency", "init"], _tracker.Spans.Select(span => span.Name));
        Assert.All(_tracker.Spans, span => Assert.Equal(CallersTrace, span.TraceId.ToHexString()));
        Assert.Equal(linked ? [XRayTrace] : [], server.Links.Select(link => link.TraceId.ToHexString()));
    }

    [Fact]
    public void Logs_AfterTheFunctionSpanIsKnown_AreInItsTrace()
    {
        _tracker.OnInvoke(Id, "", Unsampled, Ms(990));
        _tracker.OnFunctionSpan(Span(CallersTrace, "00f067aa0ba902b7"));

        Assert.Equal(CallersTrace, _tracker.Find(Encoding.UTF8.GetBytes(Id))!.TraceId.ToHexString());
    }

    [Fact]
    public void FunctionSpan_AfterLogsWereSent_LinksToTheTraceThatTheyHave()
    {
        _tracker.OnInvoke(Id, "", Unsampled, Ms(990));
        _tracker.Apply(Events.Start(Id, Ms(1000), Unsampled));
        var logged = _tracker.OpenAt(Ms(1001))!;
        _tracker.OnFunctionSpan(Span(CallersTrace, "00f067aa0ba902b7"));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250));

        var link = Assert.Single(_tracker.Spans[0].Links);
        Assert.Equal((logged.TraceId, logged.SpanId), (link.TraceId, link.SpanId));
    }

    [Fact]
    public void FunctionSpan_AfterTheEnd_ChangesNothingAndIsLinkedFromTheLaterPart()
    {
        _tracker.Apply(Events.Start(Id, Ms(1000), Unsampled));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250));
        _tracker.OnFunctionSpan(Span(CallersTrace, "00f067aa0ba902b7"));
        _tracker.Apply(Events.Report(Id, Ms(5000), 260, spans: [new("extensionOverhead", Ms(1250), 10)]));

        Assert.All(_tracker.Spans, span => Assert.Equal(XRayTrace, span.TraceId.ToHexString()));
        Assert.Empty(_tracker.Spans[0].Links);
        var link = Assert.Single(_tracker.Spans[1].Links);
        Assert.Equal((CallersTrace, "b7ad6b7169203331"), (link.TraceId.ToHexString(), link.SpanId.ToHexString()));
    }

    /// <summary>Below which the function's span lies already, or a span in between: ours must not become its own descendant.</summary>
    [Theory]
    [InlineData("53995c3f42cd8ad8")]
    [InlineData("1234567890abcdef")]
    public void FunctionSpan_BelowTheInvocation_StaysThere(string parent)
    {
        _tracker.Apply(Events.Start(Id, Ms(1000), Unsampled));
        _tracker.OnFunctionSpan(Span(XRayTrace, parent));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250));

        Assert.Equal(("53995c3f42cd8ad8", null), (_tracker.Spans[0].SpanId.ToHexString(), _tracker.Spans[0].ParentSpanId));
    }

    [Fact]
    public void FunctionSpan_BesideTheInvocationBelowTheSameCaller_BecomesItsParent()
    {
        _tracker.OnInvoke(Id, "", Sampled, Ms(990));
        _tracker.Apply(Events.Start(Id, Ms(1000), Sampled));
        _tracker.OnFunctionSpan(Span(XRayTrace, "53995c3f42cd8ad8"));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250));

        Assert.Equal((XRayTrace, "b7ad6b7169203331"), (_tracker.Spans[0].TraceId.ToHexString(), _tracker.Spans[0].ParentSpanId?.ToHexString()));
        Assert.Empty(_tracker.Spans[0].Links);
    }

    [Fact]
    public void FunctionSpan_BeforeItsStartOnManagedInstances_IsKept()
    {
        _tracker.OnFunctionSpan(Span(CallersTrace, "00f067aa0ba902b7"));
        _tracker.Apply(Events.Start(Id, Ms(1000), null));
        _tracker.Apply(Events.Report(Id, Ms(1250), 250));

        Assert.Equal(CallersTrace, _tracker.Spans[0].TraceId.ToHexString());
    }

    [Fact]
    public void FunctionSpan_OfARequestThatWasNeverAnnounced_IsIgnored()
    {
        _tracker.OnInvoke("9da1f2dc-3222-475e-9205-e2e6c6318899", "", null, Ms(990));
        _tracker.OnFunctionSpan(Span(CallersTrace, "00f067aa0ba902b7"));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250));

        Assert.Empty(_tracker.Spans);
    }

    [Fact]
    public void FunctionSpans_OfOneInvocation_TheServerSpanStandsForIt()
    {
        _tracker.Apply(Events.Start(Id, Ms(1000), Unsampled));
        _tracker.OnFunctionSpan(Span(CallersTrace, null));
        _tracker.OnFunctionSpan(Span("11111111111111111111111111111111", null) with { IsServer = false });
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250));

        Assert.Equal(CallersTrace, _tracker.Spans[0].TraceId.ToHexString());
    }

    [Fact]
    public void Attributes_OfTheFunctionSpan_AreOnTheInvocationAndItsTriggerInTheFacts()
    {
        _tracker.Apply(Events.Start(Id, Ms(1000), Unsampled));
        _tracker.OnFunctionSpan(Span(XRayTrace, "53995c3f42cd8ad8") with { Trigger = "http", Attributes = [new("faas.trigger", "http"), new("http.route", "/a")] });
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250));
        _tracker.Apply(Events.Report(Id, Ms(5000), 260));

        Assert.Contains(new("http.route", "/a"), _tracker.Spans[0].Attributes);
        Assert.Equal(["http", "http"], _tracker.Facts.Select(fact => fact.Trigger));
    }

    /// <summary>Where spans of unsampled requests are dropped: the function's SDK records this one, so ours is kept beside it.</summary>
    [Fact]
    public void FunctionSpan_OfAnUnsampledRequest_DecidesWhereSamplingIsFollowed()
    {
        var tracker = new InvocationTracker("orders", new TraceRules(FollowSampling: true));
        tracker.Apply(Events.Start(Id, Ms(1000), Unsampled));
        tracker.OnFunctionSpan(Span(CallersTrace, "00f067aa0ba902b7"));
        tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250));

        Assert.True(tracker.Spans[0].Sampled);
    }

    [Theory]
    [InlineData("Root", null)]
    [InlineData("Auto", "53995c3f42cd8ad8")]
    public void Parent_OfAPassedSampledHeader_IsTheSettingsChoice(string rule, string? parent)
    {
        var tracker = new InvocationTracker("orders", new TraceRules(Parent: Enum.Parse<ParentRule>(rule)));
        tracker.Apply(Events.Start(Id, Ms(1000), Sampled));
        tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250));

        Assert.Equal(parent, tracker.Spans[0].ParentSpanId?.ToHexString());
    }

    private static FunctionSpan Span(string traceId, string? parent) => new(
        Id, true, ActivityTraceId.CreateFromString(traceId), ActivitySpanId.CreateFromString("b7ad6b7169203331"),
        parent is null ? null : ActivitySpanId.CreateFromString(parent), null, []);

    private static long Ms(long ms) => ms * 1_000_000;
}
