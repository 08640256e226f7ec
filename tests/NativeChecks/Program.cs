using NativeChecks;

// Checks what depends on alignment, byte order and memory order of this machine. One line per check. Exits 0 when all pass.
(string Name, Func<Task> Run)[] checks =
[
    ("channel, writers that shed, capacity 1", () => ChannelStress.ShedAsync(1, 5_000)),
    ("channel, writers that shed, capacity 8", () => ChannelStress.ShedAsync(8, 20_000)),
    ("channel, writers that shed, capacity 1024", () => ChannelStress.ShedAsync(1024, 50_000)),
    ("channel, writers that wait, capacity 1", () => ChannelStress.WaitAsync(1, 500)),
    ("channel, writers that wait, capacity 64", () => ChannelStress.WaitAsync(64, 5_000)),
    ("channel, completion against writers", ChannelStress.CompleteAsync),
    ("OTLP writer", Encodings.OtlpWriterAsync),
    ("spool format", Encodings.SpoolFormatAsync),
];

var failed = 0;
foreach (var (name, run) in checks)
    try
    {
        await run().WaitAsync(TimeSpan.FromMinutes(2)).ConfigureAwait(false);
        Console.WriteLine($"ok      {name}");
    }
    catch (Exception e)
    {
        failed++;
        Console.WriteLine($"FAILED  {name}: {e.Message}");
    }

return failed == 0 ? 0 : 1;
