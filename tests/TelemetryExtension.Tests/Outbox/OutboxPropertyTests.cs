using FsCheck;
using FsCheck.Fluent;
using TelemetryExtension.Configuration;
using TelemetryExtension.Delivery;
using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Tests.Delivery;
using static TelemetryExtension.Tests.Delivery.DeliveryTestBench;

namespace TelemetryExtension.Tests.Outbox;


public sealed class OutboxPropertyTests
{
    /// <summary>For any answers and any limits nothing is counted twice at any step, and nothing is left at the end.</summary>
    [Fact]
    public void Counters_AnySequenceOfAddsAndAnswers_AlwaysBalance()
    {
        var steps = Gen.Choose(0, 12).ListOf(80);
        var limits = Gen.Choose(0, 3);
        Prop.ForAll(Arb.From(steps), Arb.From(limits), Run).Check(Config.QuickThrowOnFailure.WithMaxTest(100));
    }

    private static bool Run(IEnumerable<int> steps, int limits)
    {
        var time = new ManualTimeProvider();
        var random = new Random(limits);
        var first = new ScriptedDestination("a") { Respond = payload => Answer(random, payload) };
        var second = new ScriptedDestination("b") { Respond = payload => Answer(random, payload) };
        second.Signals.Remove(Signal.Metrics);
        var options = new OutboxOptions(
            MaxBytes: limits % 2 == 0 ? 6_000 : 100_000, MaxRequestBytes: 700, MaxAttempts: 2, SpoolMaxBytes: limits < 2 ? 0 : 6_000,
            KeepsForDeadLetters: true);
        var letters = new ScriptedDeadLetters { Room = 5 };
        using var bench = new DeliveryTestBench([first, second], options, null, time);
        foreach (var step in steps)
        {
            if (step < 8)
                bench.Add(LogPayload([.. Enumerable.Range(0, 1 + (step % 4)).Select(i => new string('x', random.Next(200)))]) with { Signal = (Signal)(step % 3) });
            else if (step < 12)
                bench.DeliverAsync(DeliveryMode.Once).GetAwaiter().GetResult();
            else if (random.Next(4) == 0 && Directory.Exists(bench.SpoolDirectory))
                Directory.Delete(bench.SpoolDirectory, recursive: true);
            if (step == 11)
                bench.Delivery.WriteExpiredAsync(letters, CancellationToken.None).GetAwaiter().GetResult();
            time.Advance(TimeSpan.FromSeconds(random.Next(3)));
            if (!Lines(bench).All(static line => line is { Buffered: >= 0, Spooled: >= 0 })
                || Lines(bench).Any(static line => line.Spooled > 0) != bench.Outbox.Counts.SpooledPayloads > 0 || bench.Outbox.Counts.Bytes > options.MaxBytes)
                return false;
        }

        bench.Delivery.GiveUpAsync(letters, CancellationToken.None).GetAwaiter().GetResult();
        bench.Delivery.DeleteGivenUpAsync(CancellationToken.None).GetAwaiter().GetResult();
        return Lines(bench).All(static line => line is { Buffered: 0, Spooled: 0 }) && bench.Outbox.Counts == default
            && bench.Outbox.Lanes.All(static lane => lane.Queue is { Open: 0, OpenBytes: 0, Fresh: 0 });
    }

    private static IEnumerable<LedgerLine> Lines(DeliveryTestBench bench) => Enum.GetValues<Signal>().Select(signal => bench.Ledger[(LedgerAccount)signal]);

    private static DeliveryResult Answer(Random random, OtlpPayload payload) => random.Next(6) switch
    {
        0 => new(DeliveryStatus.Retryable),
        1 => new(DeliveryStatus.Refused),
        2 => new(DeliveryStatus.Refused, MayBeTooLargeOrPoisoned: true),
        3 => new(DeliveryStatus.Delivered, RejectedRecords: random.Next(payload.Records + 2)),
        _ => new(DeliveryStatus.Delivered),
    };
}
