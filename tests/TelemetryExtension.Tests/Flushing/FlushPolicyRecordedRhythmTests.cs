using System.Globalization;
using TelemetryExtension.Flushing;

namespace TelemetryExtension.Tests.Flushing;

/// <summary>What the strategies make of rhythms that real functions had (RecordedRhythms/README.md).</summary>
public sealed class FlushPolicyRecordedRhythmTests(ITestOutputHelper output)
{
    private static readonly string[] Rhythms =
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

    /// <summary>Run with `--logger "console;verbosity=detailed"` to see the table.</summary>
    [Fact]
    public void Strategies_RecordedRhythms_Table()
    {
        output.WriteLine("| Rhythm | Invocations | Environments | `end` | `periodic` | `continuous` | `adaptive` | Median age | Max age | Stale | Left |");
        output.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (var rhythm in Rhythms)
        {
            var end = Run(rhythm, FlushStrategy.End);
            var periodic = Run(rhythm, FlushStrategy.Periodic);
            var continuous = Run(rhythm, FlushStrategy.Continuous);
            var adaptive = Run(rhythm, FlushStrategy.Adaptive);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {rhythm} | {adaptive.Invocations} | {adaptive.Environments.Count} | {end.DelayedShare:P1} | {periodic.DelayedShare:P1} stale {periodic.StaleShare:P1} | {continuous.DelayedShare:P1} stale {continuous.StaleShare:P1} | {adaptive.DelayedShare:P1} | {adaptive.MedianAge.TotalSeconds:0.0} s | {adaptive.MaxAge.TotalSeconds:0} s | {adaptive.StaleShare:P1} | {adaptive.Left} |"));
        }
    }

    private static RhythmRun Run(string rhythm, FlushStrategy strategy) =>
        new(rhythm, new(strategy, TimeSpan.FromSeconds(20), TimeSpan.FromMilliseconds(300), TimeSpan.FromSeconds(60)));
}
