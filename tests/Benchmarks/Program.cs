using Benchmarks;

// Every benchmark by its name, listed by hand: nothing is found by reflection.
(string Name, Func<string[], Task> Run)[] benchmarks =
[
    ("channel", _ => Task.Run(ChannelBenchmark.Run)),
    ("receiver", _ => Task.Run(ReceiverBenchmark.Run)),
    ("encoding", _ => Task.Run(EncodingBenchmark.Run)),
    ("metrics", _ => Task.Run(EncodingBenchmark.RunMetrics)),
    ("outbox", _ => Task.Run(OutboxBenchmark.Run)),
    ("tls", TlsBenchmark.RunAsync),
#if SANDBOX
    ("start", StartBenchmark.RunAsync),
    ("cold", ColdBenchmark.RunAsync),
    ("invocation", InvocationBenchmark.RunAsync),
    ("memory", MemoryBenchmark.RunAsync),
    ("startup-trace", StartupTrace.RunAsync),
#endif
];

// The first argument names a benchmark, and the rest is its own; or all of them are names.
var chosen = benchmarks.Where(benchmark => args.Contains(benchmark.Name) || (args.Contains("all") && benchmark.Name != "startup-trace")).ToList();
if (chosen.Count == 0)
{
    Console.Error.WriteLine($"usage: Benchmarks all | {string.Join(" | ", benchmarks.Select(benchmark => benchmark.Name))}");
    return 2;
}

foreach (var benchmark in chosen)
    await benchmark.Run(args[0] == benchmark.Name ? args[1..] : []);
return 0;
