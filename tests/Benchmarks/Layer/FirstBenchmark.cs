using System.Security.Cryptography.X509Certificates;

namespace Benchmarks;

/// <summary>
/// What the first invocation of an environment costs. Each measurement is a new environment, all in turns: how long the extension holds the invocation
/// after runtimeDone, the CPU of its process for it, and what the process is like before it.
/// </summary>
internal static class FirstBenchmark
{
    /// <summary>A managed runtime initialises for about this long. The demo function alone takes a few milliseconds.</summary>
    private static readonly TimeSpan Init = TimeSpan.FromMilliseconds(500);

    /// <summary>Without an init, INVOKE stops the warm-up at once. That must cost nothing.</summary>
    private static readonly (bool Https, int DelayMs, TimeSpan Init, bool LimitCpu)[] Cases =
    [
        (false, 0, Init, false), (false, 20, Init, false), (false, 100, Init, false), (true, 0, Init, false), (true, 20, Init, false),
        (false, 20, Init, true), (true, 20, Init, true), (true, 20, default, true),
    ];

    /// <param name="arguments">The rounds (default 7), and other layer zips to compare with, for example from an older commit.</param>
    public static async Task RunAsync(string[] arguments)
    {
        var rounds = arguments.Length > 0 && int.TryParse(arguments[0], out var number) ? number : 7;
        using var root = TestCertificates.Authority(out var key);
        using var server = TestCertificates.Server(root, key);
        var bundle = await TestCertificates.WriteBundleAsync(root);
        Console.WriteLine($"### The first invocation: {rounds} environments of each in turns, median");
        Console.WriteLine("| backend | extension | held after runtimeDone, ms | CPU of it, ms | CPU before it, ms | RSS before it, MB | anonymous, MB | threads |");
        Console.WriteLine("|---|---|--:|--:|--:|--:|--:|--:|");
        foreach (var (https, delay, init, limitCpu) in Cases.Where(each => !each.LimitCpu || Environment.IsPrivilegedProcess))
            await CompareAsync(
                $"{(https ? "https" : "http")}, {delay} ms{(limitCpu ? ", 7 % of a CPU" : "")}{(init == default ? ", INVOKE at once" : "")}", rounds,
                [.. Extensions(arguments).Select(each => each with
                {
                    BackendTakes = TimeSpan.FromMilliseconds(delay),
                    Init = init,
                    LimitCpu = limitCpu,
                    Certificate = https ? server : null,
                    Environment = new Dictionary<string, string>(each.Environment) { ["OTEL_EXPORTER_OTLP_CERTIFICATE"] = https ? bundle : "" },
                })]);
        Console.WriteLine();
        File.Delete(bundle);
    }

    private static IEnumerable<SubjectOptions> Extensions(string[] arguments) =>
    [
        SubjectOptions.Floor,
        .. arguments.Where(File.Exists).Select(zip => new SubjectOptions(Path.GetFileNameWithoutExtension(zip)) { Layer = Path.GetFullPath(zip) }),
        new("without warm-up") { Environment = new Dictionary<string, string> { ["TELEMETRY_EXTENSION_WARM_UP"] = "false" } },
        new("telemetry-extension"),
    ];

    private static async Task CompareAsync(string backend, int rounds, SubjectOptions[] extensions)
    {
        var samples = extensions.ToDictionary(each => each.Name, _ => new List<(double Held, double Cpu, ProcessFigures Before)>());
        for (var round = 0; round < rounds; round++)
            foreach (var each in extensions)
                samples[each.Name].Add(await MeasureAsync(each));
        foreach (var (name, list) in samples)
            Subject.Say($"| {backend} | {name} | {Subject.Median(list.Select(s => s.Held)):0.0} | {Subject.Median(list.Select(s => s.Cpu)):0.0} | {Subject.Median(list.Select(s => s.Before.Cpu.TotalMilliseconds)):0.0} | {Subject.Median(list.Select(s => s.Before.RssMb)):0.0} | {Subject.Median(list.Select(s => s.Before.AnonymousMb)):0.0} | {Subject.Median(list.Select(s => (double)s.Before.Threads)):0} |");
    }

    private static async Task<(double Held, double Cpu, ProcessFigures Before)> MeasureAsync(SubjectOptions options)
    {
        await using var subject = await Subject.StartAsync(options);
        var before = subject.Figures;
        var result = await subject.InvokeAsync();
        // An extension that had called Next before held nothing up.
        return (result.AfterRuntimeDone?.TotalMilliseconds ?? 0, (subject.Figures.Cpu - before.Cpu).TotalMilliseconds, before);
    }
}
