using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using TelemetryExtension.Configuration;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Sampling;
using TelemetryExtension.Tests.Processing.Invocations;

namespace TelemetryExtension.Tests.Processing.Sampling;

public sealed class TraceSamplerTests
{
    private const long Second = 1_000_000_000;

    private readonly InvocationTracker _tracker = new("orders");
    private long _now = 1_754_913_600 * Second;

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(1.0)]
    public void Decide_ManyTracesOfAnyKind_KeepsTheRatio(double ratio)
    {
        var sampler = Sampler(ratio);
        // X-Ray's ids begin with the time, and ids made from a UUID have fixed bits.
        var xray = Enumerable.Range(0, 20_000).Count(_ => Keeps(sampler, ActivityTraceId.CreateFromString($"5759e988{ActivityTraceId.CreateRandom().ToHexString()[8..]}")));
        var uuid = Enumerable.Range(0, 20_000).Count(_ => Keeps(sampler, ActivityTraceId.CreateFromString(Guid.NewGuid().ToString("N"))));

        Assert.InRange(xray / 20_000.0, ratio - 0.02, ratio + 0.02);
        Assert.InRange(uuid / 20_000.0, ratio - 0.02, ratio + 0.02);
    }

    /// <summary>Every process gives the same answer at any time. A larger ratio keeps every trace that a smaller one keeps.</summary>
    [Fact]
    public void Decide_AnyTrace_FollowsFromItsIdAndTheRatioAlone() => Prop.ForAll<Guid, byte, byte>((id, one, other) =>
    {
        var traceId = TraceSampler.Of(ActivityTraceId.CreateFromString(id.ToString("N")));
        if (traceId == 0)
            return;
        var (less, more) = (Math.Min(one, other) / 255.0, Math.Max(one, other) / 255.0);
        Assert.Equal(Sampler(less).Decide(traceId), Sampler(less).Decide(traceId));
        if (Sampler(less).Decide(traceId) is SamplingDecision.Keep)
            Assert.Equal(SamplingDecision.Keep, Sampler(more).Decide(traceId));
    }).QuickCheckThrowOnFailure();

    /// <summary>In any order of events, all spans of a trace get one answer, and no failure, cold start or slow invocation is left out.</summary>
    [Fact]
    public void Decide_AnyInvocations_KeepsTracesWholeAndAllThatIsNotable()
    {
        var invocation = Gen.Choose(0, 3).SelectMany(outcome => Gen.Choose(0, 999).Select(trace => (outcome, trace)));
        Prop.ForAll(Gen.NonEmptyListOf(invocation).ToArbitrary(), Gen.Elements(0, 0.3, 0.9).ToArbitrary(), (invocations, ratio) =>
        {
            var tracker = new InvocationTracker("orders");
            var sampler = new TraceSampler(new(ratio, false, KeepErrors: true, KeepColdStarts: true, TimeSpan.FromSeconds(3), Logs: true), tracker);
            var taken = new List<(SpanData Span, SamplingDecision Decision)>();
            var notable = new HashSet<ActivityTraceId>();
            foreach (var (index, (outcome, trace)) in invocations.Index())
            {
                var id = $"r{index}";
                var header = $"Root=1-5759e988-{trace:x12}{(trace * 2654435761) % 0xffffffffffff:x12};Parent={index + 1:x16};Sampled=0";
                tracker.OnInvoke(id, "", header, _now += Second);
                tracker.Apply(Events.Start(id, _now, header));
                sampler.Learn(tracker.Spans);
                var traceId = tracker.Find(System.Text.Encoding.UTF8.GetBytes(id))!.TraceId;
                // While it runs, the ratio may keep it, but nothing may leave it out.
                Assert.NotEqual(SamplingDecision.Drop, sampler.Decide(TraceSampler.Of(traceId)));
                tracker.Apply(Events.RuntimeDone(id, _now += Second, outcome == 2 ? 4000 : 10, outcome == 1 ? "error" : outcome == 3 ? "timeout" : "success", spans: [new("responseLatency", _now, 1)]));
                if (outcome > 0 || index == 0)
                    notable.Add(traceId);
                Take();
            }

            foreach (var trace in taken.GroupBy(pair => pair.Span.TraceId))
            {
                // A trace that was left out may become notable. From then on it is kept.
                Assert.Equal(trace.Select(pair => pair.Decision).OrderByDescending(decision => decision), trace.Select(pair => pair.Decision));
                Assert.True(!notable.Contains(trace.Key) || trace.Last().Decision is SamplingDecision.Keep);
            }

            void Take()
            {
                sampler.Learn(tracker.Spans);
                taken.AddRange(tracker.Spans.Select(span => (span, sampler.Decide(TraceSampler.Of(span.TraceId), span.Sampled))));
                tracker.Spans.Clear();
            }
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("success", nameof(SamplingDecision.Drop))]
    [InlineData("error", nameof(SamplingDecision.Keep))]
    public void Decide_TraceOfTheFunctionsOwn_FollowsTheInvocationBesideIt(string status, string expected)
    {
        var sampler = Sampler(0, warm: true);
        Begin("b");
        var own = TraceSampler.Of(ActivityTraceId.CreateRandom());
        var beside = sampler.Beside;

        Assert.Equal(SamplingDecision.Wait, sampler.Decide(own, beside: beside));
        _tracker.Apply(Events.RuntimeDone("b", _now += Second, 10, status));
        sampler.Learn(_tracker.Spans);

        Assert.Equal(expected, sampler.Decide(own, beside: beside).ToString());
    }

    /// <summary>INVOKE comes before platform.start, and the function may send data between them.</summary>
    [Fact]
    public void Beside_AnnouncedAndNotStarted_IsAlreadyTheNewInvocation()
    {
        var sampler = Sampler(0, warm: true);
        var before = sampler.Beside;
        _tracker.OnInvoke("b", "", "Root=1-5759e988-bbbbbbbbbbbbbbbbbbbbbbbb;Parent=53995c3f42cd8ad8;Sampled=0", _now += Second);

        Assert.NotEqual(before, sampler.Beside);
        Assert.Equal(SamplingDecision.Wait, sampler.Decide(sampler.Beside!.Value));
    }

    [Theory]
    [InlineData(true, 0.0, nameof(SamplingDecision.Keep))]
    [InlineData(false, 1.0, nameof(SamplingDecision.Drop))]
    [InlineData(null, 1.0, nameof(SamplingDecision.Keep))]
    [InlineData(null, 0.0, nameof(SamplingDecision.Drop))]
    public void Decide_ParentBased_XRaysDecisionWins(bool? sampled, double ratio, string expected)
    {
        var sampler = new TraceSampler(new(ratio, true, false, false, null, false), _tracker);
        Assert.Equal(expected, sampler.Decide(1UL << 40, sampled).ToString());
    }

    [Fact]
    public void Decide_EndUnknown_IsKept()
    {
        var sampler = Sampler(0, warm: true);
        Begin("b");
        _tracker.OnShutdown("spindown", _now += Second);
        sampler.Learn(_tracker.Spans);

        Assert.Equal(SamplingDecision.Keep, sampler.Decide(TraceSampler.Of(_tracker.Spans[^1].TraceId)));
    }

    private static bool Keeps(TraceSampler sampler, ActivityTraceId traceId) => sampler.Decide(TraceSampler.Of(traceId)) is SamplingDecision.Keep;

    /// <param name="warm">Whether to run a first invocation before it, because the first one is a cold start.</param>
    private TraceSampler Sampler(double ratio, bool warm = false)
    {
        var sampler = new TraceSampler(new(ratio, false, KeepErrors: true, KeepColdStarts: true, null, Logs: true), _tracker);
        if (!warm)
            return sampler;
        Begin("a");
        _tracker.Apply(Events.RuntimeDone("a", _now += Second, 10));
        sampler.Learn(_tracker.Spans);
        _tracker.Spans.Clear();
        return sampler;
    }

    private void Begin(string id)
    {
        var header = $"Root=1-5759e988-{new string(id[0], 24)};Parent=53995c3f42cd8ad8;Sampled=0";
        _tracker.OnInvoke(id, "", header, _now += Second);
        _tracker.Apply(Events.Start(id, _now, header));
    }
}
