using System.Globalization;

namespace Benchmarks;

/// <summary>
/// The cost of every invocation: CPU of the extension's process, and the time from the function's end to the last Next. The environments alternate,
/// invocation by invocation. Each writes five log lines. The backend is on the same machine and answers at once.
/// </summary>
internal static class InvocationBenchmark
{
    private const int WarmUps = 20;

    public static async Task RunAsync(string[] arguments)
    {
        var invocations = arguments.Length > 0 && int.TryParse(arguments[0], out var number) ? number : 500;
        var subjects = new List<Subject>();
        foreach (var strategy in (string?[])[null, "end", "adaptive"])
            subjects.Add(await Subject.StartAsync(strategy));
        subjects.Add(await Subject.StartAsync("end", backendTakes: TimeSpan.FromMilliseconds(20)));
        var overheads = subjects.ToDictionary(subject => subject, _ => new List<double>());
        var afterRuntimeDone = subjects.ToDictionary(subject => subject, _ => new List<double>());
        for (var i = 0; i < WarmUps; i++)
            foreach (var subject in subjects)
                await subject.InvokeAsync();
        var cpu = subjects.ToDictionary(subject => subject, subject => subject.Cpu);
        for (var i = 0; i < invocations; i++)
            foreach (var subject in subjects)
            {
                var result = await subject.InvokeAsync();
                overheads[subject].Add(result.ExtensionOverhead.TotalMilliseconds);
                if (result.AfterRuntimeDone is { } after)
                    afterRuntimeDone[subject].Add(after.TotalMilliseconds);
            }

        Subject.Say($"### Invocation: {invocations} of each in turns, five log lines");
        Console.WriteLine("| extension | CPU ms per invocation | ratio | function's end to Next, ms, median | runtimeDone sent to Next, ms, median | RSS, MB |");
        Console.WriteLine("|---|--:|--:|--:|--:|--:|");
        var floor = 0.0;
        foreach (var subject in subjects)
        {
            var each = (subject.Cpu - cpu[subject]).TotalMilliseconds / invocations;
            floor = floor == 0 ? each : floor;
            var reactions = afterRuntimeDone[subject];
            var reaction = reactions.Count > invocations / 2 ? Subject.Median(reactions).ToString("0.00", CultureInfo.InvariantCulture) : "Next came before";
            Subject.Say($"| {subject.Name} | {each:0.00} | {each / floor:0.0} | {Subject.Median(overheads[subject]):0.00} | {reaction} | {subject.RssMb:0.0} |");
            await subject.DisposeAsync();
        }

        Console.WriteLine();
    }
}
