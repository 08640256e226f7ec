using System.Diagnostics;
using System.Globalization;

namespace Benchmarks;

/// <summary>One way to do the work. <paramref name="Run"/> returns the number of operations.</summary>
internal sealed record Scenario(string Name, Func<long> Run);

/// <summary>
/// Compares scenarios in one process and prints a markdown table. Each round runs every scenario once, starting with another one, so that a noisy neighbour
/// affects all alike. Figures are medians over the rounds, and the ratio is the median of each round's ratio to the first scenario. CPU and allocations are
/// those of the whole process, including the threads of a scenario and the collector.
/// </summary>
internal static class Comparison
{
    private const int WarmUps = 3;

    public static void Run(string title, int rounds, params Scenario[] scenarios)
    {
        var samples = scenarios.Select(_ => new List<Sample>()).ToArray();
        for (var round = -WarmUps; round < rounds; round++)
            for (var i = 0; i < scenarios.Length; i++)
            {
                var which = (i + round + WarmUps) % scenarios.Length;
                var sample = Measure(scenarios[which]);
                if (round >= 0)
                    samples[which].Add(sample);
            }

        var kind = AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") is null ? "AOT" : "JIT";
        Console.WriteLine($"### {title}");
        Console.WriteLine(Invariant($"{rounds} rounds, interleaved, medians; {kind}, {Environment.ProcessorCount} cores"));
        Console.WriteLine();
        Console.WriteLine("| scenario | CPU ns/op | CPU ratio | wall ns/op | bytes/op |");
        Console.WriteLine("|---|--:|--:|--:|--:|");
        for (var i = 0; i < scenarios.Length; i++)
        {
            var ratio = Median(samples[i].Select((sample, round) => sample.Cpu / samples[0][round].Cpu));
            Console.WriteLine(Invariant(
                $"| {scenarios[i].Name} | {Median(samples[i].Select(s => s.Cpu)):0.0} | {ratio:0.00} | {Median(samples[i].Select(s => s.Wall)):0.0} | {Median(samples[i].Select(s => s.Bytes)):0.0} |"));
        }

        Console.WriteLine();
    }

    private static Sample Measure(Scenario scenario)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var bytes = GC.GetTotalAllocatedBytes(precise: true);
        var cpu = Environment.CpuUsage.TotalTime;
        var start = Stopwatch.GetTimestamp();
        double operations = scenario.Run();
        var wall = Stopwatch.GetElapsedTime(start);
        cpu = Environment.CpuUsage.TotalTime - cpu;
        bytes = GC.GetTotalAllocatedBytes(precise: true) - bytes;
        return new(cpu.TotalNanoseconds / operations, wall.TotalNanoseconds / operations, bytes / operations);
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private readonly record struct Sample(double Cpu, double Wall, double Bytes);
}
