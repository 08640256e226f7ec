using TelemetryExtension.Processing.Invocations;

namespace TelemetryExtension.Tests.Processing.Invocations;

/// <summary>Both events of an invocation's end are lost. Where one invocation runs at a time, the next one proves that it ended.</summary>
public class UnknownEndTests
{
    private const string Lost = "3da1f2dc-3222-475e-9205-e2e6c6318895";
    private const string Next = "4da1f2dc-3222-475e-9205-e2e6c6318895";
    private readonly InvocationTracker _tracker = new("orders");

    public UnknownEndTests()
    {
        _tracker.OnInvoke(Lost, "", null, Ms(990));
        _tracker.Apply(Events.Start(Lost, Ms(1000), null));
        _tracker.OnInvoke(Next, "", null, Ms(2990));
        _tracker.Apply(Events.Start(Next, Ms(3000), null));
    }

    [Fact]
    public void Start_OfTheNext_MakesItTheOpenOne() => Assert.Equal(Next, _tracker.OpenAt(Ms(3001))?.RequestId);

    [Fact]
    public void End_OfTheNext_ClosesItWithoutDurationOrOutcome()
    {
        _tracker.Apply(Events.RuntimeDone(Next, Ms(3100), 100));

        var span = _tracker.Spans[0];
        Assert.Equal((Lost, true), (Attribute(span, "faas.invocation_id"), Attribute(span, "telemetry_extension.end_unknown")));
        Assert.Equal((Ms(1000), Ms(1000), null), (span.Start, span.End, span.Error));
        var fact = Assert.IsType<InvocationFact.Finished>(_tracker.Facts[0]);
        Assert.Equal((null, null, true), (fact.Status, fact.DurationMs, fact.ColdStart));
        Assert.Equal((Next, Ms(3100)), (Attribute(_tracker.Spans[1], "faas.invocation_id"), _tracker.Spans[1].End));
        Assert.False(_tracker.IsRunning);
    }

    [Fact]
    public void End_OnlyLate_IsAccepted()
    {
        _tracker.Apply(Events.RuntimeDone(Lost, Ms(1250), 250));
        _tracker.Apply(Events.RuntimeDone(Next, Ms(3100), 100));

        Assert.Equal([Ms(1250), Ms(3100)], _tracker.Spans.Select(span => span.End));
        Assert.DoesNotContain(_tracker.Facts.OfType<InvocationFact.Finished>(), fact => fact.Status is null);
    }

    [Fact]
    public void Start_OfOneFromBeforeTheAnnouncedOne_IsNotTheOpenOneAndEndsNothing()
    {
        var tracker = new InvocationTracker("orders");
        tracker.OnInvoke(Next, "", null, Ms(2990));
        tracker.Apply(Events.Start(Lost, Ms(1000), null));
        tracker.Apply(Events.Start(Next, Ms(3000), null));
        Assert.Equal(Next, tracker.OpenAt(Ms(3001))?.RequestId);

        tracker.Apply(Events.Report(Lost, Ms(1250), 250, "timeout"));
        Assert.Equal((Next, Lost), (tracker.OpenAt(Ms(3002))?.RequestId, Attribute(Assert.Single(tracker.Spans), "faas.invocation_id")));
    }

    [Fact]
    public void Starts_WhoseEndsAreAllLost_AreClosedOneAfterTheOther()
    {
        for (var i = 0; i < 100; i++)
        {
            _tracker.OnInvoke($"{i}", "", null, Ms(4000 + (i * 100)));
            _tracker.Apply(Events.Start($"{i}", Ms(4000 + (i * 100)), null));
            Assert.Equal($"{i}", _tracker.OpenAt(Ms(4001 + (i * 100)))?.RequestId);
        }

        Assert.Equal(100, _tracker.Spans.Count);
    }

    [Theory]
    [InlineData("spindown", null)]
    [InlineData("failure", "failure")]
    public void Shutdown_OfAnEnvironmentThatRanOthersSince_KnowsOnlyOfTheLast(string reason, string? expected)
    {
        _tracker.OnShutdown(reason, Ms(900_000));

        Assert.Equal([(Ms(1000), null), (expected is null ? Ms(3000) : Ms(900_000), expected)], _tracker.Spans.Select(span => (span.End, span.Error)));
    }

    [Fact]
    public void OpenAt_AfterTheEnd_IsTheEndedOneOnlyForLinesFromBeforeIt()
    {
        _tracker.Apply(Events.RuntimeDone(Next, Ms(3100), 100));

        Assert.Equal(Next, _tracker.OpenAt(Ms(3099))?.RequestId);
        Assert.Null(_tracker.OpenAt(Ms(3101)));
    }

    private static long Ms(long ms) => (1_754_913_600_000 + ms) * 1_000_000;

    private static object? Attribute(SpanData span, string name) => span.Attributes.Single(attribute => attribute.Key == name).Value;
}
