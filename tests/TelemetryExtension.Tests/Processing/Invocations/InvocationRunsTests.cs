using System.Diagnostics;
using TelemetryExtension.Processing.Invocations;

namespace TelemetryExtension.Tests.Processing.Invocations;

/// <summary>Lambda repeats a failed asynchronous event under the same request id and with the same header, often in the same environment.</summary>
public class InvocationRunsTests
{
    private const string Id = "3da1f2dc-3222-475e-9205-e2e6c6318895";
    private const string Unsampled = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0";
    private readonly InvocationTracker _tracker = new("orders");

    private IReadOnlyList<SpanData> Servers => [.. _tracker.Spans.Where(span => span.Kind == ActivityKind.Server)];

    [Fact]
    public void Report_OfTheFirstRunDuringTheSecond_EndsNothingAndIsTheFirstRuns()
    {
        _tracker.OnInvoke(Id, "", null, Ms(990));
        _tracker.Apply(Events.Start(Id, Ms(1000), null));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250, "error"));
        _tracker.OnInvoke(Id, "", null, Ms(60_990));
        _tracker.Apply(Events.Report(Id, Ms(1300), 260, "error", [new("extensionOverhead", Ms(1250), 10)]));
        _tracker.Apply(Events.Start(Id, Ms(61_000), null));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(61_500), 500));
        _tracker.Apply(Events.Report(Id, Ms(61_600), 510));

        Assert.Equal([(Ms(1000), Ms(1250), "error"), (Ms(61_000), Ms(61_500), null)], Servers.Select(span => (span.Start, span.End, span.Error)));
        Assert.Equal(Servers[0].SpanId, Assert.Single(_tracker.Spans, span => span.Name == "extensionOverhead").ParentSpanId);
        Assert.Equal([260, 510], _tracker.Facts.OfType<InvocationFact.Reported>().Select(fact => fact.Metrics.DurationMs!.Value));
        Assert.False(_tracker.IsRunning);
    }

    [Fact]
    public void Invoke_OfTheSecondRunBeforeTheFirstRunsEventsAreRead_KeepsThemApart()
    {
        _tracker.OnInvoke(Id, "", null, Ms(990));
        _tracker.OnInvoke(Id, "", null, Ms(60_990));
        _tracker.Apply(Events.Start(Id, Ms(1000), null));
        Assert.NotNull(_tracker.OpenAt(Ms(1100)));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250, "error"));
        _tracker.Apply(Events.Report(Id, Ms(1300), 260, "error"));
        _tracker.Apply(Events.Start(Id, Ms(61_000), null));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(61_500), 500));

        Assert.Equal([(Ms(1000), Ms(1250), "error"), (Ms(61_000), Ms(61_500), null)], Servers.Select(span => (span.Start, span.End, span.Error)));
    }

    [Fact]
    public void RuntimeDone_OfTheFirstRunAgain_IsNotTheSecondRuns()
    {
        _tracker.OnInvoke(Id, "", null, Ms(990));
        _tracker.Apply(Events.Start(Id, Ms(1000), null));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250, "error"));
        _tracker.OnInvoke(Id, "", null, Ms(60_990));
        _tracker.Apply(Events.Start(Id, Ms(61_000), null));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1250), 250, "error"));

        Assert.Single(Servers);
        Assert.True(_tracker.IsRunning);
    }

    [Fact]
    public void ThreeRunsUnderOneUnsampledHeader_HaveIdsOfTheirOwn()
    {
        for (var run = 0; run < 3; run++)
        {
            _tracker.OnInvoke(Id, "", Unsampled, Ms(run * 60_000));
            _tracker.Apply(Events.Start(Id, Ms((run * 60_000) + 1), Unsampled));
            _tracker.Apply(Events.RuntimeDone(Id, Ms((run * 60_000) + 100), 99, "error"));
            _tracker.Apply(Events.Report(Id, Ms((run * 60_000) + 110), 100, "error"));
        }

        Assert.Equal(3, Servers.Select(span => span.SpanId).Distinct().Count());
        Assert.Single(Servers.Select(span => span.TraceId).Distinct());
        // The first run has the id of the header's Parent. Repetitions are its children.
        Assert.Equal(["53995c3f42cd8ad8"], Servers.Where(span => span.ParentSpanId is null).Select(span => span.SpanId.ToHexString()));
        Assert.All(Servers.Skip(1), span => Assert.Equal("53995c3f42cd8ad8", span.ParentSpanId?.ToHexString()));
    }

    private static long Ms(long ms) => (1_754_913_600_000 + ms) * 1_000_000;
}
