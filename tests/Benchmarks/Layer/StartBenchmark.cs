namespace Benchmarks;

/// <summary>
/// The cost of every cold start: from the creation of the process to Register and to Next, for the extension and the floor alternately; and memory when
/// idle.
/// </summary>
internal static class StartBenchmark
{
    private const int Rounds = 15;

    /// <param name="arguments">Other layer zips to compare with, for example from an older commit.</param>
    public static async Task RunAsync(string[] arguments)
    {
        var samples = new Dictionary<string, List<(double Register, double Next, double Rss, double Cpu)>>();
        for (var round = -2; round < Rounds; round++)
            foreach (var options in (SubjectOptions[])[SubjectOptions.Floor, new("telemetry-extension"), SubjectOptions.WithCloudWatch, .. Others(arguments), .. Limited()])
            {
                await using var subject = await Subject.StartAsync(options);
                var idle = subject.Figures.RssMb;
                var cpu = subject.CpuToNext.TotalMilliseconds;
                if (round >= 0)
                    (samples.TryGetValue(subject.Name, out var list) ? list : samples[subject.Name] = []).Add((
                        subject.Extension.RegisteredAfter!.Value.TotalMilliseconds, subject.Extension.FirstNextAfter!.Value.TotalMilliseconds, idle, cpu));
            }

        Subject.Say($"### Start: {Rounds} of each in turns, median (best)");
        Console.WriteLine("| extension | process to Register, ms | process to Next, ms | RSS after init, MB | CPU to Next, ms |");
        Console.WriteLine("|---|--:|--:|--:|--:|");
        foreach (var (name, list) in samples)
            Subject.Say($"| {name} | {Subject.Median(list.Select(s => s.Register)):0.0} ({list.Min(s => s.Register):0.0}) | {Subject.Median(list.Select(s => s.Next)):0.0} ({list.Min(s => s.Next):0.0}) | {Subject.Median(list.Select(s => s.Rss)):0.0} | {Subject.Median(list.Select(s => s.Cpu)):0.0} ({list.Min(s => s.Cpu):0.0}) |");
        Console.WriteLine();
    }

    private static IEnumerable<SubjectOptions> Others(string[] arguments) =>
        arguments.Where(File.Exists).Select(zip => new SubjectOptions(Path.GetFileNameWithoutExtension(zip)) { Layer = Path.GetFullPath(zip) });

    private static SubjectOptions[] Limited() => !Environment.IsPrivilegedProcess ? [] :
    [
        SubjectOptions.Floor with { Name = "floor, 7 % of a CPU", LimitCpu = true },
        new("telemetry-extension, 7 % of a CPU") { LimitCpu = true },
    ];
}
