using FsCheck;
using FsCheck.Fluent;
using TelemetryExtension.Configuration;
using TelemetryExtension.Flushing;
using static TelemetryExtension.Tests.Flushing.SimulatedInvocation;

namespace TelemetryExtension.Tests.Flushing;

/// <summary>The results of `adaptive` for whole rhythms: the age of data, and the number of invocations that wait.</summary>
public sealed class FlushPolicyRhythmTests
{
    private static readonly FlushOptions Adaptive =
        new(FlushStrategy.Adaptive, TimeSpan.FromSeconds(20), TimeSpan.FromMilliseconds(300), TimeSpan.FromSeconds(60));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Adaptive_OncePerSecond_DelaysOnlyTheFirstAndStaysFresh(bool clockStopsInFreeze)
    {
        var lambda = new SimulatedLambda(Adaptive, clockStopsInFreeze).Run(Every(1, 1000));

        Assert.Equal(InvocationRhythm.FirstProof, lambda.Delayed);
        Assert.InRange(lambda.Ages.Max(), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(25));
        Assert.InRange(lambda.Flushes, 45, 60);
    }

    [Fact]
    public void Adaptive_TenPerSecond_FlushesOnceAnInterval()
    {
        var lambda = new SimulatedLambda(Adaptive).Run(Every(0.08, 10_000));

        Assert.Equal(InvocationRhythm.FirstProof, lambda.Delayed);
        Assert.True(lambda.Ages.Max() < Adaptive.Interval + TimeSpan.FromSeconds(1));
        Assert.InRange(lambda.Flushes, 45, 60);
    }

    [Theory]
    [InlineData(300)]
    [InlineData(60)]
    [InlineData(21)]
    public void Adaptive_RareInvocations_FlushesEachAtItsEnd(int seconds)
    {
        var lambda = new SimulatedLambda(Adaptive).Run(Every(seconds, 100));

        Assert.All(lambda.Decisions, decision => Assert.Equal(FlushDecision.AfterInvocation, decision));
        Assert.All(lambda.Ages, age => Assert.Equal(TimeSpan.Zero, age));
        Assert.Equal(0, lambda.Unflushed);
    }

    [Fact]
    public void Adaptive_BurstsWithShortPauses_DefersAndKeepsTheBound()
    {
        var lambda = new SimulatedLambda(Adaptive);
        for (var burst = 0; burst < 100; burst++)
            lambda.Run(Every(10, 1)).Run(Every(0.1, 19));

        Assert.Equal(InvocationRhythm.FirstProof, lambda.Delayed);
        Assert.True(lambda.Ages.Max() < Adaptive.Staleness, $"{lambda.Ages.Max()}");
    }

    [Fact]
    public void Adaptive_ShortBurstsThenIdle_IsDisappointedOnceAndLearns()
    {
        var lambda = new SimulatedLambda(Adaptive);
        for (var burst = 0; burst < 100; burst++)
            lambda.Run(Every(300, 1)).Run(Every(0.1, 9));

        // The end of the first burst waited for the second burst. That does not happen again.
        Assert.InRange(lambda.Ages.Count(age => age > Adaptive.Staleness), 1, 5);
        Assert.Equal(1000, lambda.Ages.Count);
    }

    [Fact]
    public void Adaptive_LongBurstsThenIdle_BoundsTheStaleShare()
    {
        var lambda = new SimulatedLambda(Adaptive);
        for (var burst = 0; burst < 30; burst++)
            lambda.Run(Every(300, 1)).Run(Every(0.2, 999));

        // At most the data of one interval is stale at the end of a burst, and most invocations are not delayed.
        Assert.InRange(lambda.Ages.Count(age => age > Adaptive.Staleness) / 30_000.0, 0, 0.11);
        Assert.InRange(lambda.Delayed / 30_000.0, 0, 0.33);
    }

    [Fact]
    public void Adaptive_LongGapAfterDeferring_FlushesTheOldAtStartAndGoesBackToEnd()
    {
        var lambda = new SimulatedLambda(Adaptive).Run(Every(1, 30)).Run(Every(3600, 1)).Run(Every(1, 3));

        Assert.Equal(FlushDecision.AtStart | FlushDecision.AfterInvocation, lambda.Decisions[30]);
        Assert.All(lambda.Decisions[31..], decision => Assert.Equal(FlushDecision.AfterInvocation, decision));
        Assert.Equal(0, lambda.Unflushed);
    }

    [Fact]
    public void Adaptive_AnyRhythmOfShortGaps_KeepsTheBound()
    {
        var rhythms = Gen.Choose(1, 19_500).ArrayOf().ToArbitrary();
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(200).WithEndSize(400), Prop.ForAll(rhythms, gaps =>
            new SimulatedLambda(Adaptive)
                .Run(gaps.Select(ms => new SimulatedInvocation(TimeSpan.FromMilliseconds(ms), TimeSpan.FromMilliseconds(5))))
                .Ages.All(age => age < Adaptive.Staleness)));
    }

    [Fact]
    public void Adaptive_FailureWhileDeferring_IsFlushedWhenHeardOfAndTheNextAtItsEnd()
    {
        var failing = new SimulatedInvocation(TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(20), Fails: true);
        var lambda = new SimulatedLambda(Adaptive).Run(Every(1, 10));
        var flushes = lambda.Flushes;

        lambda.Run([failing]).Run(Every(1, 3));

        Assert.Equal(FlushDecision.None, lambda.Decisions[11]);
        // The failure is reported during the next invocation: that one flushes at once, and the one after it at its end, because no success is known yet.
        Assert.Equal(FlushDecision.AfterInvocation, lambda.Decisions[12]);
        Assert.Equal(FlushDecision.None, lambda.Decisions[13]);
        Assert.Equal(flushes + 2, lambda.Flushes);
    }

    [Fact]
    public void Adaptive_DeadBackend_CostsOneAttemptAnInterval()
    {
        var lambda = new SimulatedLambda(Adaptive).Run(Every(1, 20));
        lambda.Backend = FlushOutcome.Incomplete;
        var flushes = lambda.Flushes;

        lambda.Run(Every(1, 200));

        Assert.InRange(lambda.Flushes - flushes, 8, 11);
        lambda.Backend = FlushOutcome.Complete;
        lambda.Run(Every(1, 25));
        Assert.InRange(lambda.Unflushed, 0, 21);
    }
}
