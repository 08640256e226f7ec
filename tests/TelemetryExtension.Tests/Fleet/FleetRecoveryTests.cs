using Simulation.Fleet;

namespace TelemetryExtension.Tests.Fleet;

/// <summary>10,000 environments start at once, run with 70 % of the backend's capacity, and lose the backend for 10 minutes.</summary>
public sealed class FleetRecoveryTests(ITestOutputHelper output)
{
    private const int Settled = 100;
    private const int Down = 160;
    private const int Up = Down + 600;

    [Fact]
    [Trait("Category", "Slow")]
    public void Outage_AfterADeployThatStartsAllAtOnce_IsFollowedByAFastRecovery()
    {
        using var run = new FleetRun(seed: 1, startsWithin: TimeSpan.FromSeconds(1)).Until(Down);
        var steady = run.Outstanding(Settled, Down);
        run.Backend.IsDown = true;
        run.Until(Up);
        run.Backend.IsDown = false;
        var backlog = run.Curves.Outstanding - steady;
        var bound = 2 * backlog / (run.Capacity - run.SteadyCost);
        var recovered = run.UntilRecovered(steady, Up + (int)bound);
        output.WriteLine(FleetReport.Of(run, 20));
        FleetPage.Write(run, "outage", "A deploy that starts 10,000 environments in a second, then an outage of 10 minutes", [(Down, "outage"), (Up, "it ends"), (recovered, "recovered")]);

        // The deploy: after a minute and a half nothing is sent twice, nothing is refused, and nothing is in step.
        Assert.InRange(run.Wasted(Settled, Down), 0, 0.01);
        Assert.Equal(0, run.Curves.Sum(Settled, Down, static second => second.Refused));
        Assert.InRange(run.Curves.PeakToMean(Settled, Down, static second => second.Requests), 1, 1.3);

        // While the backend is down: environments ask less and less often, and no invocation waits.
        Assert.InRange(run.Curves.PeakToMean(Up - 100, Up, static second => second.Requests), 1, 1.3);
        Assert.InRange(run.HeldMs(Up - 100, Up), 0, 1);

        // The recovery.
        Assert.InRange(recovered - Up, 1, bound);
        for (var from = Up; from + 60 <= recovered; from += 60)
        {
            Assert.InRange(run.Useful(from, from + 60), 0.8, 1);
            Assert.InRange(run.Curves.PeakToMean(from, from + 60, static second => second.Requests), 1, 2);
        }

        // What is logged after the outage does not wait for the backlog: it is about as old as what is deferred when nothing is wrong.
        Assert.InRange(run.Curves.AgeAt(0.5, TimeSpan.FromSeconds(Up), TimeSpan.FromSeconds(recovered - 60)).TotalSeconds, 0, 40);
    }
}
