using System.Collections.Concurrent;
using System.Globalization;
using TelemetryExtension.Configuration;
using TelemetryExtension.Flushing;

namespace TelemetryExtension.Tests.Flushing;

/// <summary>The strategies' results for rhythms of real functions (RecordedRhythms/README.md), with the default settings.</summary>
public sealed class FlushPolicyRecordedRhythmTests(ITestOutputHelper output)
{
    private static readonly ConcurrentDictionary<(string, FlushStrategy), RhythmRun> Runs = new();

    public static TheoryData<string> Rhythms =>
    [
        "timer-every-minute",
        "rare-and-irregular",
        "back-to-back",
        "parallel-batches",
        "fan-out",
        "orchestration-bursts",
        "stream-that-begins",
        "code-completion",
        "day, one in fourteen",
        "day, evenly in the minute",
        "day, at random in the minute",
    ];

    /// <summary>
    /// Measured limits with some margin. A function that is invoked rarely, or many times at once, flushes at the end and is always fresh. A busy one
    /// rarely waits, at the cost of stale data of the last invocations before a pause.
    /// </summary>
    [Theory]
    [InlineData("timer-every-minute", 108, 1, 0)]
    [InlineData("rare-and-irregular", 12, 1, 0)]
    [InlineData("back-to-back", 96, 1, 0)]
    [InlineData("parallel-batches", 48, 1, 0)]
    [InlineData("fan-out", 42, 1, 0)]
    [InlineData("orchestration-bursts", 89, 0.96, 0.03)]
    [InlineData("stream-that-begins", 41, 0.13, 0)]
    [InlineData("code-completion", 436, 0.60, 0.04)]
    [InlineData("day, one in fourteen", 3322, 0.86, 0.03)]
    [InlineData("day, evenly in the minute", 46_943, 0.03, 0.01)]
    [InlineData("day, at random in the minute", 46_943, 0.42, 0.05)]
    public void Adaptive_RecordedRhythm_BoundsDelayedAndStale(string rhythm, int invocations, double delayed, double stale)
    {
        var run = Run(rhythm, FlushStrategy.Adaptive);

        Assert.Equal(invocations, run.Invocations);
        Assert.InRange(run.DelayedShare, 0, delayed);
        Assert.InRange(run.StaleShare, 0, stale);
    }

    [Theory]
    [MemberData(nameof(Rhythms))]
    public void AnyStrategy_RecordedRhythm_FlushesEveryInvocationOnceAndTheFirstAtTheirEnd(string rhythm)
    {
        foreach (var strategy in Enum.GetValues<FlushStrategy>())
        {
            var run = Run(rhythm, strategy);

            Assert.Equal(run.Invocations, run.Ages.Count + run.Left);
            Assert.All(run.Environments, environment =>
                Assert.All(environment.Decisions.Take(FlushPolicy.FirstInvocations), decision => Assert.Equal(FlushDecision.AfterInvocation, decision)));
        }
    }

    [Theory]
    [MemberData(nameof(Rhythms))]
    public void Adaptive_RecordedRhythm_LiesBetweenEndAndPeriodic(string rhythm)
    {
        var (end, periodic, adaptive) = (Run(rhythm, FlushStrategy.End), Run(rhythm, FlushStrategy.Periodic), Run(rhythm, FlushStrategy.Adaptive));

        Assert.Equal(1, end.DelayedShare);
        Assert.Equal(TimeSpan.Zero, end.MaxAge);
        Assert.InRange(adaptive.DelayedShare, periodic.DelayedShare, 1);
        Assert.InRange(adaptive.StaleShare, 0, periodic.StaleShare);
    }

    /// <summary>Writes the table of all strategies, which `dotnet test ... --show-live-output on` shows.</summary>
    [Fact]
    public void Adaptive_AllRecordedRhythms_LeavesAtMostOneInTwentyStale()
    {
        output.WriteLine("| Rhythm | Invocations | Environments | Delayed: `end` | `periodic` | `continuous` | `adaptive` | Stale: `periodic` | `adaptive` | Age with `adaptive`: median | most | Left at the end |");
        output.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (var rhythm in Rhythms.Select(row => row.Data))
        {
            var runs = Enum.GetValues<FlushStrategy>().ToDictionary(strategy => strategy, strategy => Run(rhythm, strategy));
            var (adaptive, periodic) = (runs[FlushStrategy.Adaptive], runs[FlushStrategy.Periodic]);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {rhythm} | {adaptive.Invocations} | {adaptive.Environments.Count} ")
                + string.Create(CultureInfo.InvariantCulture, $"| {runs[FlushStrategy.End].DelayedShare:P1} | {periodic.DelayedShare:P1} | {runs[FlushStrategy.Continuous].DelayedShare:P1} | {adaptive.DelayedShare:P1} ")
                + string.Create(CultureInfo.InvariantCulture, $"| {periodic.StaleShare:P1} | {adaptive.StaleShare:P1} | {adaptive.MedianAge.TotalSeconds:0.0} s | {adaptive.MaxAge.TotalSeconds:0} s | {adaptive.Left} |"));
            Assert.InRange(adaptive.StaleShare, 0, 0.05);
        }
    }

    private static RhythmRun Run(string rhythm, FlushStrategy strategy) => Runs.GetOrAdd(
        (rhythm, strategy),
        key => new(key.Item1, new(key.Item2, TimeSpan.FromSeconds(20), TimeSpan.FromMilliseconds(300), TimeSpan.FromSeconds(60))));
}
