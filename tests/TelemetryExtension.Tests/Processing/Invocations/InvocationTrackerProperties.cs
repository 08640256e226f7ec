using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using TelemetryExtension.Processing.Invocations;

namespace TelemetryExtension.Tests.Processing.Invocations;

/// <summary>For any order, repetition and loss there is no exception, and each seen invocation has exactly one SERVER span.</summary>
public class InvocationTrackerProperties
{
    private static readonly string[] Ids = ["a", "b", "c", "d"];

    private static readonly string?[] Headers =
    [
        null,
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0",
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
        "Root=1-5759e988-aaaaaaaaaaaaaaaaaaaaaaaa;Parent=63995c3f42cd8ad8;Sampled=1",
    ];

    private sealed record Run(string Id, string? Header, Fate Fate);

    [Flags]
    private enum Fate
    {
        StartLost = 1,
        DoneLost = 2,
        ReportLost = 4,
        ReportLate = 8,
    }

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
                // The order is arbitrary, but no two runs begin in the same millisecond, which keeps their derived ids distinct.
                var time = (1_754_913_600_000 + (at * 1000) + (index % 1000)) * 1_000_000;
                if (kind == 0)
                    tracker.OnInvoke(id, "", Headers[at % 4], time);
                else
                    tracker.Apply(Make(kind, id, time));
                announced |= kind == 0;
                // Once INVOKE announces requests, an end without an announcement or start belongs to an earlier generation.
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

    /// <summary>
    /// Runs one after the other like Lambda, with repeated events under the same request id, lost events, and reports that are late by one invocation.
    /// </summary>
    [Fact]
    public void AnySequenceOfRuns_GivesEachItsOwnSpanWithItsOwnEnd()
    {
        var run = Gen.Elements("a", "b").SelectMany(id => Gen.Elements(Headers).SelectMany(header => Gen.Choose(0, 15).Select(fate => new Run(id, header, (Fate)fate))));
        Prop.ForAll(Gen.ListOf(run).ToArbitrary(), runs =>
        {
            var tracker = new InvocationTracker("orders");
            var expected = new List<(long Start, long End, string? Error)>();
            PlatformEvent? late = null;
            foreach (var (index, (id, header, fate)) in runs.Index())
            {
                var begun = (1_754_913_600_000 + (index * 100_000L)) * 1_000_000;
                var (start, length) = (begun + 1_000_000, 100 + index);
                var end = start + (length * 1_000_000L);
                tracker.OnInvoke(id, "", header, begun);
                if (!fate.HasFlag(Fate.StartLost))
                    tracker.Apply(Events.Start(id, start, header, fate.HasFlag(Fate.StartLost) ? null : Segment(header, index)));
                if (late is not null)
                    tracker.Apply(late);
                if (!fate.HasFlag(Fate.DoneLost))
                    tracker.Apply(Events.RuntimeDone(id, end, length, index % 2 == 0 ? "success" : "error"));
                // A late report arrives with the next run, or never. Its duration is that of the invocation.
                late = fate.HasFlag(Fate.ReportLost) ? null : Events.Report(id, end + 1_000_000, length, index % 2 == 0 ? "success" : "error");
                var told = !fate.HasFlag(Fate.DoneLost) || (late is not null && (!fate.HasFlag(Fate.ReportLate) || index < runs.Count - 1));
                if (!fate.HasFlag(Fate.ReportLate) && late is not null)
                {
                    tracker.Apply(late);
                    late = null;
                }

                var known = fate.HasFlag(Fate.StartLost) ? (fate.HasFlag(Fate.DoneLost) ? start + 1_000_000 : start) : start;
                var untold = fate.HasFlag(Fate.StartLost) ? begun : start;
                expected.Add(told ? (known, known + (length * 1_000_000L), index % 2 == 0 ? null : "error") : (untold, untold, null));
            }

            tracker.OnShutdown("spindown", 1_854_913_600_000 * 1_000_000);

            var servers = tracker.Spans.Where(span => span.Kind == ActivityKind.Server).ToList();
            Assert.Equal(expected.Order(), servers.Select(span => (span.Start, span.End, span.Error)).Order());
            Assert.Equal(servers.Count, servers.Select(span => (span.TraceId, span.SpanId)).Distinct().Count());
            Assert.Equal(servers.Count, tracker.Facts.OfType<InvocationFact.Finished>().Count());
            Assert.False(tracker.IsRunning);
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

    private static string? Segment(string? header, int index) => header == Headers[3] ? $"{index + 1:x16}" : null;

    private static object? RequestId(SpanData span) => span.Attributes.Single(attribute => attribute.Key == "faas.invocation_id").Value;

    private static PlatformEvent Make(int kind, string id, long time) => kind switch
    {
        1 => Events.Start(id, time, Headers[time / 1_000_000 % 4]),
        2 => Events.RuntimeDone(id, time, time % 2 == 0 ? null : 100),
        3 => Events.Report(id, time, 100, "timeout", [new("extensionOverhead", time, 3)]),
        4 => Events.RuntimeDone(id, time, 0, null, "Runtime.ExitError"),
        5 => Events.InitStart(time, "on-demand", "init"),
        6 => new PlatformEvent.InitReport(time, null, null, null),
        7 => new PlatformEvent.RestoreStart(time, null, null),
        _ => new PlatformEvent.LogsDropped(time, 1, 1),
    };
}
