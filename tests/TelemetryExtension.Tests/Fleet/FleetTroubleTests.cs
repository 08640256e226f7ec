using Simulation.Fleet;

namespace TelemetryExtension.Tests.Fleet;

/// <summary>10,000 environments at 70 % of the capacity of a backend that throttles them for a while, or answers slowly.</summary>
public sealed class FleetTroubleTests(ITestOutputHelper output)
{
    private const int Begin = 120;
    private const int End = Begin + 180;

    [Fact]
    [Trait("Category", "Slow")]
    public void Throttling_WithTheSameRetryAfterForAll_BringsThemBackApartAndRecovers()
    {
        using var run = new FleetRun(seed: 2, startsWithin: TimeSpan.FromSeconds(20)).Until(Begin);
        var steady = run.Outstanding(Begin - 20, Begin);
        (run.Backend.Quota, run.Backend.RetryAfter) = (run.Capacity * 0.4, TimeSpan.FromSeconds(20));
        run.Until(End);
        run.Backend.Quota = 0;
        var bound = 2 * (run.Curves.Outstanding - steady) / (run.Capacity - run.SteadyCost);
        var recovered = run.UntilRecovered(steady, End + (int)bound);
        output.WriteLine(FleetReport.Of(run, 20));
        FleetPage.Write(run, "throttling", "Three minutes of 429 with Retry-After: 20 above 40 % of the capacity", [(Begin, "429"), (End, "it ends"), (recovered, "recovered")]);

        // It takes what it allows, and asking costs little. They do not come back together.
        Assert.InRange(run.Useful(Begin + 20, End), 0.38, 0.45);
        Assert.InRange(run.Wasted(Begin + 20, End), 0, 0.02);
        Assert.InRange(run.Curves.PeakToMean(Begin + 40, End, static second => second.Requests), 1, 1.5);
        Assert.InRange(recovered - End, 1, bound);
        Assert.InRange(run.Useful(End, recovered), 0.8, 1);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void SlowAnswers_OfTwoSeconds_HoldNoInvocationAndAreNotSentTwice()
    {
        using var run = new FleetRun(seed: 3, startsWithin: TimeSpan.FromSeconds(20)).Until(Begin);
        var steady = run.Outstanding(Begin - 20, Begin);
        run.Backend.ExtraLatency = TimeSpan.FromSeconds(2);
        run.Until(End);
        run.Backend.ExtraLatency = TimeSpan.Zero;
        run.Until(End + 100);
        output.WriteLine(FleetReport.Of(run, 20));
        FleetPage.Write(run, "slow", "Three minutes in which each answer takes two seconds longer", [(Begin, "slow"), (End, "it ends")]);

        // Each environment finds out by two requests that are sent again.
        Assert.InRange(run.Wasted(Begin + 80, End), 0, 0.1);
        Assert.InRange(run.HeldMs(Begin + 80, End), 0, 5);
        Assert.InRange(run.Curves[End - 1].Outstanding, 0, 1.3 * steady);
        Assert.InRange(run.Wasted(End + 60, End + 100), 0, 0.02);
    }
}
