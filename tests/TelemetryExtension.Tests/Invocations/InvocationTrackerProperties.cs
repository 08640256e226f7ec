using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using TelemetryExtension.Invocations;

namespace TelemetryExtension.Tests.Invocations;

/// <summary>Whatever order, repetition and loss: no exception, and one SERVER span for each invocation that was seen, none twice.</summary>
public class InvocationTrackerProperties
{
    private static readonly string[] Ids = ["a", "b", "c", "d"];

    [Fact]
    public void AnyStream_OfOneRunPerRequest_GivesEachServerSpanOnce()
    {
        var step = Gen.Choose(0, 8).SelectMany(kind => Gen.Elements(Ids).SelectMany(id => Gen.Choose(0, 5000).Select(at => (kind, id, (long)at))));
        Prop.ForAll(Gen.ListOf(step).ToArbitrary(), steps =>
        {
            var tracker = new InvocationTracker("orders");
            var seen = new HashSet<string>();
            var announced = false;
            foreach (var (index, (kind, id, at)) in steps.Index())
            {
                // In any order, but no two runs begin in the same millisecond: that tells their derived ids apart.
                var time = (1_754_913_600_000 + (at * 1000) + (index % 1000)) * 1_000_000;
                if (kind == 0)
                    tracker.OnInvoke(id, "", null, time);
                else
                    tracker.Apply(Make(kind, id, time));
                announced |= kind == 0;
                // Once INVOKE announces requests, the end of one that was neither announced nor started is that of an earlier life.
                if (kind <= 1 || (kind <= 4 && !announced))
                    seen.Add(id);
            }

            tracker.OnShutdown("spindown", (1_754_913_600_000 + 9_000_000) * 1_000_000);

            var servers = tracker.Spans.Where(span => span.Kind == ActivityKind.Server).ToList();
            var runs = servers.Count;
            Assert.Equal(seen.Count, servers.Select(RequestId).Distinct().Count());
            Assert.Equal(runs, servers.Select(span => span.SpanId).Distinct().Count());
            Assert.Equal(runs, tracker.Facts.OfType<InvocationFact.Finished>().Count());
            Assert.All(tracker.Spans, span => Assert.True(span.End >= span.Start));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void OneRun_WithEveryEventRepeatedAndShuffled_GivesOneServerSpan()
    {
        var events = Enumerable.Range(1, 4).SelectMany(kind => Enumerable.Repeat(kind, 2)).ToArray();
        Prop.ForAll(Gen.Shuffle(events).ToArbitrary(), order =>
        {
            var tracker = new InvocationTracker("orders");
            foreach (var kind in order)
                tracker.Apply(Make(kind, "a", 1_754_913_600_000_000_000));
            tracker.OnShutdown("spindown", 1_754_913_609_000_000_000);

            Assert.Single(tracker.Spans, span => span.Kind == ActivityKind.Server);
        }).QuickCheckThrowOnFailure();
    }

    private static object? RequestId(SpanData span) => span.Attributes.Single(attribute => attribute.Key == "faas.invocation_id").Value;

    private static PlatformEvent Make(int kind, string id, long time) => kind switch
    {
        1 => Events.Start(id, time, null),
        2 => Events.RuntimeDone(id, time, time % 2 == 0 ? null : 100),
        3 => Events.Report(id, time, 100, "timeout", [new("extensionOverhead", time, 3)]),
        4 => Events.RuntimeDone(id, time, 0, null, "Runtime.ExitError"),
        5 => Events.InitStart(time, "on-demand", "init"),
        6 => new PlatformEvent.InitReport(time, null, null, null),
        7 => new PlatformEvent.RestoreStart(time, null, null),
        _ => new PlatformEvent.LogsDropped(time, 1, 1),
    };
}
