using System.Globalization;

namespace Benchmarks;

/// <summary>
/// The cost of every invocation: CPU of the extension's process, and the time from the function's end to the last Next. The environments alternate,
/// invocation by invocation. Each writes five log lines. The backend is on the same machine and answers at once. Arguments: the number of invocations, and
/// other layer zips to compare with.
/// </summary>
internal static class InvocationBenchmark
{
    private const int WarmUps = 20;

    public static async Task RunAsync(string[] arguments)
    {
        var invocations = arguments.Length > 0 && int.TryParse(arguments[0], out var number) ? number : 500;
        var subjects = new List<Subject>();
        SubjectOptions[] compared =
        [
            SubjectOptions.Floor, SubjectOptions.WithStrategy("end"), SubjectOptions.WithStrategy("adaptive"),
            SubjectOptions.WithStrategy("end") with { Name = "end, backend takes 20 ms", BackendTakes = TimeSpan.FromMilliseconds(20) },
            .. arguments.Where(File.Exists).SelectMany(zip => (SubjectOptions[])[Of(zip, "end"), Of(zip, "adaptive")]),
        ];
        foreach (var options in compared)
            subjects.Add(await Subject.StartAsync(options));
        var overheads = subjects.ToDictionary(subject => subject, _ => new List<double>());
        var afterRuntimeDone = subjects.ToDictionary(subject => subject, _ => new List<double>());
        for (var i = 0; i < WarmUps; i++)
            foreach (var subject in subjects)
                await subject.InvokeAsync();
        var first = subjects.ToDictionary(subject => subject, subject => subject.Figures);
        for (var i = 0; i < invocations; i++)
            foreach (var subject in subjects)
            {
                var result = await subject.InvokeAsync();
                overheads[subject].Add(result.ExtensionOverhead.TotalMilliseconds);
                if (result.AfterRuntimeDone is { } after)
                    afterRuntimeDone[subject].Add(after.TotalMilliseconds);
            }

        Subject.Say($"### Invocation: {invocations} of each in turns, five log lines");
        Console.WriteLine("| extension | CPU ms per invocation | ratio | function's end to Next, ms, median | runtimeDone sent to Next, ms, median | context switches | threads | RSS, MB |");
        Console.WriteLine("|---|--:|--:|--:|--:|--:|--:|--:|");
        var floor = 0.0;
        foreach (var subject in subjects)
        {
            var last = subject.Figures;
            var each = (last.Cpu - first[subject].Cpu).TotalMilliseconds / invocations;
            floor = floor == 0 ? each : floor;
            var reactions = afterRuntimeDone[subject];
            var reaction = reactions.Count > invocations / 2 ? Subject.Median(reactions).ToString("0.00", CultureInfo.InvariantCulture) : "Next came before";
            Subject.Say($"| {subject.Name} | {each:0.00} | {each / floor:0.0} | {Subject.Median(overheads[subject]):0.00} | {reaction} | {(double)(last.Switches - first[subject].Switches) / invocations:0.0} | {last.Threads} | {last.RssMb:0.0} |");
            await subject.DisposeAsync();
        }

        Console.WriteLine();
    }

    private static SubjectOptions Of(string zip, string strategy) =>
        SubjectOptions.WithStrategy(strategy) with { Name = $"{strategy}, {Path.GetFileNameWithoutExtension(zip)}", Layer = Path.GetFullPath(zip) };
}
