using Benchmarks;

// Every benchmark by its name, listed by hand: the program is published AOT, nothing is found by reflection.
(string Name, Action Run)[] benchmarks =
[
    ("channel", ChannelBenchmark.Run),
    ("receiver", ReceiverBenchmark.Run),
];

var chosen = benchmarks.Where(benchmark => args.Contains(benchmark.Name) || args.Contains("all")).ToList();
if (chosen.Count == 0)
{
    Console.Error.WriteLine($"usage: Benchmarks all | {string.Join(" | ", benchmarks.Select(benchmark => benchmark.Name))}");
    return 2;
}

foreach (var benchmark in chosen)
    benchmark.Run();
return 0;
