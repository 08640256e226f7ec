using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;

namespace Benchmarks;

/// <summary>The cost of one more payload while the backend is down and memory and files fill up: CPU, heap, files.</summary>
internal static class OutboxBenchmark
{
    public static void Run()
    {
        foreach (var (size, payloads) in ((int, int)[])[(300, 240_000), (2000, 40_000)])
            Fill(size, payloads);
    }

    private static void Fill(int size, int payloads)
    {
        var directory = Directory.CreateTempSubdirectory("telemetry-extension-benchmark-");
        try
        {
            using var outbox = new PayloadOutbox(
                [new Nobody()], new(SpoolDirectory: directory.FullName, MaxAge: TimeSpan.FromHours(6)), RetrySchedule.Default, new Ledger(), TimeProvider.System);
            var before = GC.GetTotalMemory(forceFullCollection: true);
            Console.WriteLine($"### Payloads of {size} bytes, default ceilings (8 MiB in memory, 32 MiB in files)");
            Console.WriteLine();
            Console.WriteLine("| payloads | CPU us per Add | heap MiB | files |");
            Console.WriteLine("|--:|--:|--:|--:|");
            for (var step = 1; step <= 8; step++)
            {
                var cpu = Environment.CpuUsage.TotalTime;
                for (var i = 0; i < payloads / 8; i++)
                    outbox.Add(new(Signal.Logs, new byte[size], 1, DateTimeOffset.UtcNow));
                cpu = Environment.CpuUsage.TotalTime - cpu;
                var heap = (GC.GetTotalMemory(forceFullCollection: true) - before) / 1048576.0;
                Console.WriteLine(FormattableString.Invariant(
                    $"| {payloads / 8 * step:#,0} | {cpu.TotalMicroseconds / (payloads / 8):0.0} | {heap:0.0} | {outbox.Counts.SpooledPayloads} |"));
            }

            Console.WriteLine();
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private sealed class Nobody : IDestination
    {
        public string Name => "otlp http://127.0.0.1:4318";

        public bool Accepts(Signal signal) => true;

        public ValueTask<DeliveryResult> DeliverAsync(OtlpPayload payload, CancellationToken cancellationToken) => new(new DeliveryResult(DeliveryStatus.Retryable));
    }
}
