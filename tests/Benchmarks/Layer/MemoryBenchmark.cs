namespace Benchmarks;

/// <summary>
/// Memory over a long life. A leak appears as a slope between the last rows. Each row has the maximum since the row before, because upkeep makes the curve
/// a sawtooth.
/// </summary>
internal static class MemoryBenchmark
{
    public static async Task RunAsync(string[] arguments)
    {
        var invocations = arguments.Length > 0 && int.TryParse(arguments[0], out var number) ? number : 10_000;
        Subject.Say($"### Memory over {invocations} invocations");
        Console.WriteLine("| invocations | `end`, MB | highest before | `adaptive`, MB | highest before |");
        Console.WriteLine("|--:|--:|--:|--:|--:|");
        await using var end = await Subject.StartAsync(SubjectOptions.WithStrategy("end"));
        await using var adaptive = await Subject.StartAsync(SubjectOptions.WithStrategy("adaptive"));
        double highestEnd = 0, highestAdaptive = 0;
        for (var done = 0; ;)
        {
            Subject.Say($"| {done} | {end.Figures.RssMb:0.0} | {highestEnd:0.0} | {adaptive.Figures.RssMb:0.0} | {highestAdaptive:0.0} |");
            highestEnd = highestAdaptive = 0;
            if (done >= invocations)
                break;
            for (var next = Math.Min(invocations, done == 0 ? 1 : done < 10 ? 10 : done < 100 ? 100 : done < 1000 ? 1000 : done + 3000); done < next; done++)
            {
                // Run both at once, because each waits most of the time.
                await Task.WhenAll(end.InvokeAsync(), adaptive.InvokeAsync());
                highestEnd = Math.Max(highestEnd, end.Figures.RssMb);
                highestAdaptive = Math.Max(highestAdaptive, adaptive.Figures.RssMb);
            }
        }

        Console.WriteLine();
    }
}
