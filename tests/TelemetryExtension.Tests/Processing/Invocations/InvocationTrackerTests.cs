using System.Diagnostics;
using TelemetryExtension.Processing.Invocations;

namespace TelemetryExtension.Tests.Processing.Invocations;

public class InvocationTrackerTests
{
    private const string Id = "3da1f2dc-3222-475e-9205-e2e6c6318895";
    private const string Header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0";
    private readonly InvocationTracker _tracker = new("orders");

    [Fact]
    public void RuntimeDone_AfterStart_MakesTheServerSpanAndItsParts()
    {
        _tracker.OnInvoke(Id, "arn:aws:lambda:eu-west-1:123456789012:function:orders:live", Header, Ms(990));
        _tracker.Apply(Events.Start(Id, Ms(1000), Header));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250, spans: [new("responseLatency", Ms(1000), 240), new("responseDuration", Ms(1240), 4)]));

        var span = _tracker.Spans[0];
        Assert.Equal("orders", span.Name);
        Assert.Equal(ActivityKind.Server, span.Kind);
        Assert.Equal((Ms(1000), Ms(1250)), (span.Start, span.End));
        Assert.Equal("53995c3f42cd8ad8", span.SpanId.ToHexString());
        Assert.Null(span.ParentSpanId);
        Assert.Null(span.Error);
        Assert.Equal(true, Attribute(span, "faas.coldstart"));
        Assert.Equal(Id, Attribute(span, "faas.invocation_id"));
        Assert.Equal("arn:aws:lambda:eu-west-1:123456789012:function:orders:live", Attribute(span, "aws.lambda.invoked_arn"));
        Assert.Equal(["responseLatency", "responseDuration"], _tracker.Spans[1..].Select(part => part.Name));
        Assert.All(_tracker.Spans[1..], part => Assert.Equal(span.SpanId, part.ParentSpanId));
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void Context_OfAnUnsampledRequest_IsRecordedUnlessXRaysDecisionIsFollowed(bool followSampling, bool recorded)
    {
        var tracker = new InvocationTracker("orders", new TraceRules(FollowSampling: followSampling));
        tracker.Apply(Events.Start(Id, Ms(1000), Header));

        Assert.Equal(recorded, tracker.OpenAt(Ms(1001))?.Recorded);
    }

    [Fact]
    public void Report_AfterRuntimeDone_IsALateChildAndNoSecondServerSpan()
    {
        _tracker.Apply(Events.Start(Id, Ms(1000), Header));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250));
        _tracker.Spans.Clear();

        _tracker.Apply(Events.Report(Id, Ms(5000), 260, spans: [new("extensionOverhead", Ms(1250), 10)]));

        var overhead = Assert.Single(_tracker.Spans);
        Assert.Equal("extensionOverhead", overhead.Name);
        Assert.Equal("53995c3f42cd8ad8", overhead.ParentSpanId?.ToHexString());
        Assert.Equal(10, Assert.Single(_tracker.Facts.OfType<InvocationFact.Reported>()).ExtensionOverheadMs);
    }

    [Fact]
    public void Report_OfARequestCutOffByAReset_MakesNoSecondServerSpan()
    {
        const string Before = "9c000000-0000-4000-8000-000000000000";
        _tracker.OnInvoke(Id, "arn", Header, Ms(2000));
        _tracker.Apply(Events.RuntimeDone(Before, Ms(1500), 250, "timeout"));
        _tracker.Apply(Events.Report(Before, Ms(1500), 250, "timeout"));
        _tracker.Apply(Events.Start(Id, Ms(2000), Header));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(2250), 250));
        _tracker.OnShutdown("spindown", Ms(3000));

        Assert.Equal(Id, Attribute(Assert.Single(_tracker.Spans, span => span.Kind == ActivityKind.Server), "faas.invocation_id"));
        Assert.Single(_tracker.Facts.OfType<InvocationFact.Reported>());
    }

    [Fact]
    public void Shutdown_OneThatRunsClosesAnother_EachHasOneSpan()
    {
        const string Before = "9c000000-0000-4000-8000-000000000000";
        _tracker.OnInvoke(Id, "arn", Header, Ms(2000));
        _tracker.Apply(Events.Start(Before, Ms(1500), null));
        _tracker.OnShutdown("timeout", Ms(3000));

        var ids = _tracker.Spans.Where(span => span.Kind == ActivityKind.Server).Select(span => Attribute(span, "faas.invocation_id")).ToList();
        Assert.Equal(ids.Distinct(), ids);
        Assert.Contains(Id, ids);
    }

    [Fact]
    public void RuntimeDone_OurClockIsBehindThePlatforms_ClosesNoneThatBeganLater()
    {
        const string Next = "9c000000-0000-4000-8000-000000000000";
        _tracker.OnInvoke(Id, "arn", Header, Ms(1000));
        _tracker.OnInvoke(Next, "arn", Header, Ms(1500));
        _tracker.Apply(Events.Start(Id, Ms(5000), Header));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(5250), 250));
        _tracker.Apply(Events.Start(Next, Ms(5500), Header));
        _tracker.Apply(Events.RuntimeDone(Next, Ms(5750), 250));

        var servers = _tracker.Spans.Where(span => span.Kind == ActivityKind.Server).ToList();
        Assert.Equal(2, servers.Count);
        Assert.All(servers, span => Assert.Equal(Ms(250) - Ms(0), span.End - span.Start));
    }

    [Fact]
    public void RuntimeDone_OfTheFirstWhoseStartWasLost_IsAColdStart()
    {
        _tracker.OnInvoke(Id, "arn", Header, Ms(990));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250));

        Assert.Equal(true, Attribute(_tracker.Spans[0], "faas.coldstart"));
    }

    [Fact]
    public void InitStart_DeliveredTwice_IsOneInit()
    {
        _tracker.Apply(Events.InitStart(Ms(500), "on-demand", "init"));
        _tracker.Apply(Events.InitStart(Ms(500), "on-demand", "init"));
        _tracker.Apply(Events.Start(Id, Ms(1000), Header));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250));
        _tracker.OnShutdown("spindown", Ms(2000));

        Assert.Single(_tracker.Spans, span => span.Name == "init");
    }

    [Theory]
    [InlineData("timeout", null, "timeout")]
    [InlineData("error", "Function.PaymentDeclined", "Function.PaymentDeclined")]
    [InlineData("failure", "Sandbox.Failure", "Sandbox.Failure")]
    public void RuntimeDone_WithoutSuccess_IsAnErrorSpan(string status, string? errorType, string expected)
    {
        _tracker.Apply(Events.Start(Id, Ms(1000), Header));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250, status, errorType));

        Assert.Equal(expected, _tracker.Spans[0].Error);
        Assert.Equal(expected, Attribute(_tracker.Spans[0], "error.type"));
    }

    [Fact]
    public void Report_WithoutRuntimeDone_ClosesTheSpan()
    {
        _tracker.Apply(Events.Start(Id, Ms(1000), Header));
        _tracker.Apply(Events.Report(Id, Ms(5000), 3000, "timeout"));

        Assert.Equal((Ms(1000), Ms(4000), "timeout"), (_tracker.Spans[0].Start, _tracker.Spans[0].End, _tracker.Spans[0].Error));
    }

    [Fact]
    public void Shutdown_WithAnInvocationRunning_ClosesItAsError()
    {
        _tracker.Apply(Events.Start(Id, Ms(1000), Header));

        _tracker.OnShutdown("failure", Ms(1700));

        Assert.Equal((Ms(1700), "failure"), (_tracker.Spans[0].End, _tracker.Spans[0].Error));
    }

    [Fact]
    public void Shutdown_WithAnInvocationKnownFromInvokeOnly_ClosesItAsError()
    {
        _tracker.OnInvoke(Id, "", Header, Ms(1000));

        _tracker.OnShutdown("timeout", Ms(4000));

        Assert.Equal((Ms(1000), Ms(4000), "timeout"), (_tracker.Spans[0].Start, _tracker.Spans[0].End, _tracker.Spans[0].Error));
    }

    [Fact]
    public void RuntimeDone_Repeated_MakesNoSecondSpan()
    {
        _tracker.Apply(Events.Start(Id, Ms(1000), Header));
        _tracker.Apply(Events.Start(Id, Ms(1000), Header));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250));

        Assert.Single(_tracker.Spans);
    }

    [Fact]
    public void RuntimeDone_WithoutStart_ReckonsTheStartFromTheDuration()
    {
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250));

        Assert.Equal((Ms(1000), Ms(1250)), (_tracker.Spans[0].Start, _tracker.Spans[0].End));
    }

    [Fact]
    public void Invoke_SameRequestIdAgainAfterItsReport_IsARunOfItsOwn()
    {
        _tracker.OnInvoke(Id, "", null, Ms(990));
        _tracker.Apply(Events.Start(Id, Ms(1000), null));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250, "error"));
        _tracker.Apply(Events.Report(Id, Ms(1300), 260));
        _tracker.OnInvoke(Id, "", null, Ms(60_990));
        _tracker.Apply(Events.Start(Id, Ms(61_000), null));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(61_250), 250));

        Assert.Equal(2, _tracker.Spans.Count);
        Assert.NotEqual(_tracker.Spans[0].SpanId, _tracker.Spans[1].SpanId);
        Assert.Equal(false, Attribute(_tracker.Spans[1], "faas.coldstart"));
    }

    [Fact]
    public void Init_OnDemand_IsAChildOfTheFirstInvocation()
    {
        _tracker.Apply(Events.InitStart(Ms(0), "on-demand", "init"));
        _tracker.Apply(new PlatformEvent.InitRuntimeDone(Ms(400), "success", null));
        _tracker.Apply(new PlatformEvent.InitReport(Ms(470), "success", null, 463.5));
        Assert.Empty(_tracker.Spans);

        _tracker.Apply(Events.Start(Id, Ms(1000), Header));
        Assert.Empty(_tracker.Spans);
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250));
        _tracker.Spans.RemoveAt(0);

        Assert.Equal(["init", "init.runtime", "init.extensions"], _tracker.Spans.Select(span => span.Name));
        Assert.Equal("53995c3f42cd8ad8", _tracker.Spans[0].ParentSpanId?.ToHexString());
        Assert.Equal((Ms(0), 463_500_000L), (_tracker.Spans[0].Start, _tracker.Spans[0].End - Ms(0)));
        Assert.True(Assert.Single(_tracker.Facts.OfType<InvocationFact.Initialized>()).UserWaited);
        Assert.Equal("instance", _tracker.Instance.InstanceId);
    }

    [Fact]
    public void Init_ProvisionedConcurrency_HasItsOwnTraceAndTheFirstInvocationLinksToIt()
    {
        _tracker.Apply(Events.InitStart(Ms(0), "provisioned-concurrency", "init"));
        _tracker.Apply(new PlatformEvent.InitReport(Ms(470), "success", null, 463.5));
        var init = Assert.Single(_tracker.Spans);
        Assert.Null(init.ParentSpanId);
        Assert.NotEqual("5759e988bd862e3fe1be46a994272793", init.TraceId.ToHexString());

        _tracker.Apply(Events.Start(Id, Ms(900_000), Header));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(900_250), 250));

        var span = _tracker.Spans[1];
        Assert.Equal(false, Attribute(span, "faas.coldstart"));
        Assert.Equal(init.SpanId, Assert.Single(span.Links).SpanId);
        Assert.False(Assert.Single(_tracker.Facts.OfType<InvocationFact.Initialized>()).UserWaited);
    }

    [Fact]
    public void Init_SuppressedInsideTheFirstInvocation_IsItsChild()
    {
        _tracker.Apply(Events.Start(Id, Ms(1000), Header));
        _tracker.Apply(Events.InitStart(Ms(1001), "on-demand", "invoke"));
        _tracker.Apply(new PlatformEvent.InitReport(Ms(3001), "success", null, 2000));

        Assert.Equal(("init", "53995c3f42cd8ad8"), (_tracker.Spans[0].Name, _tracker.Spans[0].ParentSpanId?.ToHexString()));
    }

    [Fact]
    public void Restore_BeforeTheFirstInvocation_IsItsChildAndChangesTheInstance()
    {
        _tracker.Apply(new PlatformEvent.RestoreStart(Ms(0), "copy", 512 << 20));
        _tracker.Apply(new PlatformEvent.RestoreReport(Ms(200), "success", null, 181.7));
        _tracker.Apply(Events.Start(Id, Ms(1000), Header));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250));

        Assert.Equal(("restore", "53995c3f42cd8ad8"), (_tracker.Spans[1].Name, _tracker.Spans[1].ParentSpanId?.ToHexString()));
        Assert.Equal(("copy", 1), (_tracker.Instance.InstanceId, _tracker.Restores));
    }

    [Fact]
    public void Shutdown_WithoutAnyInvocation_StillGivesTheInit()
    {
        _tracker.Apply(Events.InitStart(Ms(0), "on-demand", "init"));

        _tracker.OnShutdown("spindown", Ms(1000));

        Assert.Equal("init", Assert.Single(_tracker.Spans).Name);
    }

    [Fact]
    public void Find_ByRequestIdBytes_GivesTheContextOfThatInvocation()
    {
        _tracker.Apply(Events.Start(Id, Ms(1000), Header));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250));
        _tracker.Apply(Events.Start("other", Ms(2000), null));

        Assert.Equal(Id, _tracker.Find("3da1f2dc-3222-475e-9205-e2e6c6318895"u8)?.RequestId);
        Assert.Null(_tracker.Find("nobody"u8));
        Assert.Null(_tracker.Find([0xff, 0xfe]));
    }

    [Fact]
    public void Overlapping_OnManagedInstances_KeepsThemApart()
    {
        _tracker.Apply(Events.Start("a", Ms(1000), null));
        _tracker.Apply(Events.Start("b", Ms(1010), null));
        Assert.Null(_tracker.OpenAt(Ms(1050)));
        _tracker.Apply(Events.Report("b", Ms(1100), 90));
        Assert.Null(_tracker.OpenAt(Ms(1150)));
        _tracker.Apply(Events.Report("a", Ms(1200), 200));
        Assert.Null(_tracker.OpenAt(Ms(1150)));

        Assert.Equal([("b", Ms(1010), Ms(1100)), ("a", Ms(1000), Ms(1200))], _tracker.Spans.Select(span => ((string)Attribute(span, "faas.invocation_id")!, span.Start, span.End)));
    }

    /// <summary>Managed Instances read a line late: after the end of its invocation, or after the start of another one.</summary>
    [Theory]
    [InlineData(999, null)]
    [InlineData(1000, "a")]
    [InlineData(1400, "a")]
    [InlineData(1501, null)]
    [InlineData(2100, null)]
    [InlineData(8000, "c")]
    public void OpenAt_OnManagedInstances_IsOnlyWhatIsCertain(long line, string? expected)
    {
        _tracker.Apply(Events.InitStart(Ms(0), "lambda-managed-instances", "init"));
        _tracker.Apply(Events.Start("a", Ms(1000), null));
        if (line > 1500)
            _tracker.Apply(Events.Report("a", Ms(1500), 500));
        if (line > 2000)
            _tracker.Apply(Events.Start("b", Ms(2000), null));
        if (line > 7000)
        {
            _tracker.Apply(Events.Report("b", Ms(2500), 500));
            _tracker.Apply(Events.Start("c", Ms(7600), null));
        }

        Assert.Equal(expected, _tracker.OpenAt(Ms(line))?.RequestId);
    }

    private static long Ms(long ms) => (1_754_913_600_000 + ms) * 1_000_000;

    private static object? Attribute(SpanData span, string name) => span.Attributes.Single(attribute => attribute.Key == name).Value;
}
