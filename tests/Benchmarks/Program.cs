using Benchmarks;

// All benchmarks by name. They are listed by hand, without reflection.
(string Name, Func<string[], Task> Run)[] benchmarks =
[
    ("channel", _ => Task.Run(ChannelBenchmark.Run)),
    ("receiver", _ => Task.Run(ReceiverBenchmark.Run)),
    ("encoding", _ => Task.Run(EncodingBenchmark.Run)),
    ("shaping", _ => Task.Run(ShapingBenchmark.Run)),
    ("metrics", _ => Task.Run(EncodingBenchmark.RunMetrics)),
    ("outbox", _ => Task.Run(OutboxBenchmark.Run)),
    ("tls", TlsBenchmark.RunAsync),
#if SANDBOX
    ("start", StartBenchmark.RunAsync),
    ("first", FirstBenchmark.RunAsync),
    ("cold", ColdBenchmark.RunAsync),
    ("invocation", InvocationBenchmark.RunAsync),
    ("memory", MemoryBenchmark.RunAsync),
    ("startup-trace", StartupTrace.RunAsync),
#endif
];

// Either the first argument is a benchmark and the rest its arguments, or all arguments are benchmarks.
var chosen = benchmarks.Where(benchmark => args.Contains(benchmark.Name) || (args.Contains("all") && benchmark.Name != "startup-trace")).ToList();
if (chosen.Count == 0)
{
    Console.Error.WriteLine($"usage: Benchmarks all | {string.Join(" | ", benchmarks.Select(benchmark => benchmark.Name))}");
    return 2;
}

foreach (var benchmark in chosen)
    await benchmark.Run(args[0] == benchmark.Name ? args[1..] : []);
return 0;
