namespace Benchmarks;

/// <summary>
/// The cost of every cold start: from the creation of the process to Register and to Next, for the extension and the floor alternately; and memory when
/// idle.
/// </summary>
internal static class StartBenchmark
{
    private const int Rounds = 15;

    public static async Task RunAsync(string[] arguments)
    {
        var samples = new Dictionary<string, List<(double Register, double Next, double Rss, double Cpu)>>();
        for (var round = -2; round < Rounds; round++)
            foreach (var (strategy, cloudWatch) in ((string?, bool)[])[(null, false), ("adaptive", false), ("adaptive", true)])
            {
                await using var subject = await Subject.StartAsync(strategy, cloudWatch);
                var idle = subject.RssMb;
                var cpu = subject.CpuToNext.TotalMilliseconds;
                if (round >= 0)
                    (samples.TryGetValue(subject.Name, out var list) ? list : samples[subject.Name] = []).Add((
                        subject.Extension.RegisteredAfter!.Value.TotalMilliseconds, subject.Extension.FirstNextAfter!.Value.TotalMilliseconds, idle, cpu));
            }

        Subject.Say($"### Start: {Rounds} of each in turns, median (best)");
        Console.WriteLine("| extension | process to Register, ms | process to Next, ms | RSS after init, MB | CPU to Next, ms |");
        Console.WriteLine("|---|--:|--:|--:|--:|");
        foreach (var (name, list) in samples)
            Subject.Say($"| {(name == "adaptive" ? "telemetry-extension" : name)} | {Subject.Median(list.Select(s => s.Register)):0.0} ({list.Min(s => s.Register):0.0}) | {Subject.Median(list.Select(s => s.Next)):0.0} ({list.Min(s => s.Next):0.0}) | {Subject.Median(list.Select(s => s.Rss)):0.0} | {Subject.Median(list.Select(s => s.Cpu)):0.0} ({list.Min(s => s.Cpu):0.0}) |");
        Console.WriteLine();
    }
}
