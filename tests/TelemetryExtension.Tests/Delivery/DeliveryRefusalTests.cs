using FsCheck;
using FsCheck.Fluent;
using TelemetryExtension.Configuration;
using TelemetryExtension.Delivery;
using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;
using static TelemetryExtension.Tests.Delivery.DeliveryTestBench;

namespace TelemetryExtension.Tests.Delivery;

/// <summary>A destination that refuses a signal whatever its content.</summary>
public sealed class DeliveryRefusalTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly ScriptedDestination _destination = new("a");

    private static DeliveryResult NotThis => new(DeliveryStatus.Refused, 0, "HTTP 400: no", MayBeTooLargeOrPoisoned: true);

    private static DeliveryResult TooLarge => NotThis with { IsTooLarge = true };

    private static DeliveryResult NotHere => new(DeliveryStatus.Refused, 0, "HTTP 404: no");

    /// <summary>For any size of flush: at most one request from the second flush on, later none.</summary>
    [Theory]
    [InlineData("content", 1)]
    [InlineData("content", 8)]
    [InlineData("content", 500)]
    [InlineData("size", 1)]
    [InlineData("size", 8)]
    [InlineData("size", 20)]
    [InlineData("elsewhere", 1)]
    [InlineData("elsewhere", 500)]
    public async Task Deliver_EverythingIsRefused_SoonCostsNoRequest(string kind, int records)
    {
        _destination.Respond = _ => kind switch { "content" => NotThis, "size" => TooLarge, _ => NotHere };
        using var bench = Bench();
        var requests = new List<int>();
        for (var flush = 0; flush < 10; flush++)
        {
            var before = _destination.Requests.Count;
            bench.Add(LogPayload(records, 20));
            await bench.DeliverAsync();
            requests.Add(_destination.Requests.Count - before);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(requests[0], 1, 1 + SignalRefusal.Samples);
        Assert.Equal([1, 1, 0, 0, 0, 0, 0, 0, 0], requests[1..]);
        Assert.Equal((records * 10, 0), (bench.LogsLine().Dropped[(int)DropReason.Refused], bench.LogsLine().Buffered));
        Assert.False(bench.Outbox.HasWork(Logs(bench)));
    }

    [Fact]
    public async Task Deliver_RefusedForAnotherReasonThanTheContent_AllOfItWaitsForTheDeadLetters()
    {
        _destination.Respond = static _ => NotHere;
        using var bench = Bench(new(KeepsForDeadLetters: true));
        for (var i = 0; i < 5; i++)
        {
            bench.Add(LogPayload("one"));
            await bench.DeliverAsync();
        }

        Assert.Equal(3, _destination.Requests.Count);
        var letters = new ScriptedDeadLetters();
        await bench.Delivery.WriteExpiredAsync(letters, TestContext.Current.CancellationToken);
        Assert.Equal((5, 0), (bench.LogsLine().DeadLettered, bench.LogsLine().Buffered));
    }

    [Fact]
    public async Task Deliver_OneSignalIsRefused_TheOthersArrive()
    {
        _destination.Respond = static payload => payload.Signal == Signal.Metrics ? NotThis : new(DeliveryStatus.Delivered);
        using var bench = Bench();
        for (var i = 0; i < 6; i++)
        {
            foreach (var signal in Enum.GetValues<Signal>())
                bench.Add(LogPayload("one") with { Signal = signal });
            await bench.DeliverAsync();
        }

        Assert.Equal((6, 6, 0), (bench.LogsLine().Exported, bench.Ledger[LedgerAccount.Traces].Exported, bench.Ledger[LedgerAccount.Metrics].Exported));
        Assert.Equal(3, _destination.Requests.Count(static request => request.Signal == Signal.Metrics));
        Assert.True(bench.Delivery.HasResponsiveDestination);
    }

    [Fact]
    public async Task Deliver_TheOnlySignalIsRefused_NoInvocationNeedsToWait()
    {
        _destination.Signals.RemoveWhere(static signal => signal != Signal.Logs);
        _destination.Respond = static _ => NotHere;
        using var bench = Bench();
        Assert.True(bench.Delivery.HasResponsiveDestination);
        await RefuseAsync(bench);
        Assert.False(bench.Delivery.HasResponsiveDestination);
    }

    /// <summary>The trial is one request, even with content that would be split. The content counts, not its pieces.</summary>
    [Fact]
    public async Task Deliver_Closed_OneTrialAndThenFewer()
    {
        _destination.Respond = static _ => NotThis;
        using var bench = Bench();
        await RefuseAsync(bench);
        var at = new List<int>();
        for (var second = 1; second <= 3600; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            var before = _destination.Requests.Count;
            bench.Add(LogPayload("one", "two", "three"));
            await bench.DeliverAsync();
            if (_destination.Requests.Count > before)
                at.Add(second);
            Assert.InRange(_destination.Requests.Count - before, 0, 1);
        }

        // With 0.5 as the random number a delay is three quarters of 30, 60, ... 900 seconds.
        Assert.Equal([23, 68, 158, 338, 698, 1373, 2048, 2723, 3398], at);
        bench.AssertLogs(refused: 3 + (3 * 3600));
    }

    [Fact]
    public async Task Deliver_TheTrialIsTaken_EverythingIsSentAgain()
    {
        _destination.Respond = static _ => NotHere;
        using var bench = Bench();
        await RefuseAsync(bench);
        _time.Advance(TimeSpan.FromSeconds(30));
        _destination.Respond = null;
        for (var i = 0; i < 5; i++)
        {
            bench.Add(LogPayload("one"));
            await bench.DeliverAsync();
        }

        bench.AssertLogs(exported: 5, refused: 3);
    }

    /// <summary>A doubted signal risks only the first payload of a backlog. When that is accepted, the rest follows in the same flush.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Deliver_TrialWithABacklog_DecidesForAllOfIt(bool isTaken)
    {
        _destination.Respond = static _ => NotHere;
        using var bench = Bench(new(MaxRequestBytes: 100));
        await RefuseAsync(bench);
        _time.Advance(TimeSpan.FromSeconds(30));
        if (isTaken)
            _destination.Respond = null;
        for (var i = 0; i < 10; i++)
            bench.Add(LogPayload(new string('x', 90)));
        var before = _destination.Requests.Count;
        await bench.DeliverAsync();
        Assert.Equal(isTaken ? 10 : 1, _destination.Requests.Count - before);
        bench.AssertLogs(exported: isTaken ? 10 : 0, refused: isTaken ? 3 : 13);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Deliver_TheTrialGetsNoAnswer_StaysClosedAndIsCounted(bool isLost)
    {
        _destination.Respond = static _ => NotHere;
        using var bench = Bench();
        await RefuseAsync(bench);
        _time.Advance(TimeSpan.FromSeconds(30));
        _destination.Respond = _ => isLost ? throw new OperationCanceledException() : new(DeliveryStatus.Retryable);
        bench.Add(LogPayload("one"));
        await bench.DeliverAsync();
        for (var i = 0; i < 3; i++)
        {
            bench.Add(LogPayload("one"));
            await bench.DeliverAsync();
        }

        Assert.Equal(4, _destination.Requests.Count);
        bench.AssertLogs(refused: 7);
    }

    /// <summary>A slow backend answers one or two requests per flush. A permanent refusal must not cost flush after flush.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Deliver_EverythingIsRefusedSlowly_NoMoreRequestsThanOtherwise(int perFlush)
    {
        var left = 0;
        _destination.Respond = _ => left-- > 0 ? NotThis : throw new OperationCanceledException();
        using var bench = Bench();
        var refused = new List<int>();
        for (var flush = 0; flush < 40; flush++)
        {
            left = perFlush;
            bench.Add(LogPayload(40, 20));
            await bench.DeliverAsync();
            refused.Add(perFlush - Math.Max(left, 0));
            _time.Advance(TimeSpan.FromMilliseconds(300));
        }

        Assert.All(refused.Skip(2), static requests => Assert.InRange(requests, 0, 1));
        Assert.InRange(refused.Sum(), SignalRefusal.RefusalsBeforeClosed, SignalRefusal.RefusalsBeforeClosed + SignalRefusal.Samples + 1);
        Assert.Equal(0, bench.LogsLine().Buffered);
    }

    /// <summary>For example a store that accepts gauges and refuses sums: gauges arrive, and after three flushes no invocation waits for the signal.</summary>
    [Fact]
    public async Task Deliver_HalfOfEachContentIsRefused_TheRestArrivesInTheBackground()
    {
        _destination.Respond = RefuseBad;
        using var bench = Bench();
        var held = new List<int>();
        for (var flush = 0; flush < 10; flush++)
        {
            var before = _destination.Requests.Count;
            bench.Add(LogPayload([.. Enumerable.Range(0, 12).Select(static n => n % 2 == 0 ? "good" : "bad")]));
            await bench.DeliverAsync();
            held.Add(_destination.Requests.Count - before);
            await bench.DeliverAsync(DeliveryMode.Silent);
        }

        Assert.All(held.Take(3), static requests => Assert.InRange(requests, 2, 25));
        Assert.All(held.Skip(3), static requests => Assert.Equal(0, requests));
        bench.AssertLogs(exported: 60, refused: 60);

        // Once a request is accepted completely, flushes send the signal again.
        bench.Add(LogPayload("good"));
        await bench.DeliverAsync(DeliveryMode.Silent);
        bench.Add(LogPayload("good"));
        await bench.DeliverAsync();
        bench.AssertLogs(exported: 62, refused: 60);
    }

    /// <summary>With fewer bad records than samples only the bad ones are lost, in any position and any batching.</summary>
    [Fact]
    public void Deliver_AFewBadRecordsAnywhere_OnlyTheyAreLost() =>
        Prop.ForAll(Arb.From(Gen.Choose(1, 30).NonEmptyListOf()), Arb.From(Gen.Choose(0, 200).ListOf(SignalRefusal.Samples - 1)), static (payloads, places) =>
        {
            var destination = new ScriptedDestination("a") { Respond = RefuseBad };
            using var bench = new DeliveryTestBench([destination], null, RetrySchedule.Default, new ManualTimeProvider());
            var bad = places.Select(place => place % payloads.Sum()).ToHashSet();
            var at = 0;
            foreach (var records in payloads)
            {
                bench.Add(LogPayload([.. Enumerable.Range(at, records).Select(n => bad.Contains(n) ? "bad" : "good")]));
                at += records;
            }

            for (var flush = 0; flush < 10; flush++)
                bench.DeliverAsync().GetAwaiter().GetResult();
            bench.AssertLogs(exported: at - bad.Count, refused: bad.Count);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    /// <summary>Occasional bad records do not close a signal, in however many flushes.</summary>
    [Fact]
    public async Task Deliver_ABadRecordInEveryFlush_TheOthersArrive()
    {
        _destination.Respond = RefuseBad;
        using var bench = Bench();
        for (var i = 0; i < 20; i++)
        {
            bench.Add(LogPayload([.. Enumerable.Range(0, 50).Select(n => n == (i * 7) % 50 ? "bad" : "good")]));
            await bench.DeliverAsync();
            await bench.DeliverAsync(DeliveryMode.Silent);
        }

        bench.AssertLogs(exported: 20 * 49, refused: 20);
    }

    /// <summary>Four merges in flight at once, with one bad record each, do not prove a permanent refusal.</summary>
    [Fact]
    public async Task Deliver_ABadRecordInEachOfSeveralRequestsAtOnce_TheOthersArrive()
    {
        _destination.Respond = RefuseBad;
        using var bench = Bench(new(MaxRequestBytes: 2000));
        for (var i = 0; i < 12; i++)
            bench.Add(LogPayload([.. Enumerable.Range(0, 100).Select(n => n == i ? "bad" : "good")]));
        await bench.DeliverAsync();
        bench.AssertLogs(exported: 12 * 99, refused: 12);
    }

    /// <summary>Nothing of the first content is accepted, so its rest is not sent piece by piece.</summary>
    [Fact]
    public async Task Deliver_NoPieceOfALargeContentIsTaken_CostsNoMoreThanTheAllowance()
    {
        _destination.Respond = static _ => NotThis;
        using var bench = Bench();
        bench.Add(LogPayload(5000, 5));
        await bench.DeliverAsync();
        Assert.Equal(1 + SignalRefusal.Samples, _destination.Requests.Count);
        bench.AssertLogs(refused: 5000);
    }

    [Fact]
    public async Task Drain_Closed_SendsNothingOfItAndCountsAll()
    {
        _destination.Respond = static _ => NotHere;
        using var bench = Bench();
        await RefuseAsync(bench);
        bench.Add(LogPayload("one"));
        await bench.DeliverAsync(DeliveryMode.Drain);
        Assert.Equal(3, _destination.Requests.Count);
        bench.AssertLogs(refused: 4);
    }

    private static DeliveryResult RefuseBad(OtlpPayload payload) => payload.Body.Span.IndexOf("bad"u8) >= 0 ? NotThis : new(DeliveryStatus.Delivered);

    private static DeliveryLane Logs(DeliveryTestBench bench) => bench.Outbox.Lanes.Single(static lane => lane.Signal == Signal.Logs);

    private static async Task RefuseAsync(DeliveryTestBench bench)
    {
        for (var i = 0; i < SignalRefusal.RefusalsBeforeClosed; i++)
        {
            bench.Add(LogPayload("refused"));
            await bench.DeliverAsync();
        }
    }

    private DeliveryTestBench Bench(OutboxOptions? outbox = null) => new([_destination], outbox, RetrySchedule.Default, _time);
}
