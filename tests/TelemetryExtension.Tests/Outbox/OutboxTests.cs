using System.Buffers;
using TelemetryExtension.Configuration;
using TelemetryExtension.Delivery;
using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;
using TelemetryExtension.Tests.Delivery;
using static TelemetryExtension.Tests.Delivery.DeliveryTestBench;

namespace TelemetryExtension.Tests.Outbox;


public sealed class OutboxTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly ScriptedDestination _destination = new("a");

    [Fact]
    public void Add_NobodyAcceptsTheSignal_IsDroppedAtOnce()
    {
        _destination.Signals.Remove(Signal.Logs);
        using var bench = Bench();
        bench.Add(LogPayload("one", "two"));
        Assert.Equal(2, bench.LogsLine().Dropped[(int)DropReason.NoDestination]);
        bench.AssertLogs();
    }

    [Fact]
    public async Task Deliver_SmallPayloadsOfOneSignal_GoAsOneRequest()
    {
        using var bench = Bench();
        for (var i = 0; i < 10; i++)
            bench.Add(LogPayload($"m{i}"));
        await bench.DeliverAsync();
        Assert.Equal([10], _destination.Requests.Select(request => request.Records));
        bench.AssertLogs(exported: 10);
    }

    [Fact]
    public async Task Deliver_AfterAFailure_SendsNewOnesFirstAndThenTheSameBatchAgain()
    {
        using var bench = Bench();
        bench.Add(LogPayload("one"));
        bench.Add(LogPayload("two"));
        _destination.Answers.Enqueue(new(DeliveryStatus.Retryable));
        await bench.DeliverAsync();
        bench.Add(LogPayload("three"));
        _time.Advance(TimeSpan.FromMinutes(1));
        await bench.DeliverAsync();
        Assert.Equal([2, 1, 2], _destination.Requests.Select(request => request.Records));
        Assert.Equal(_destination.Requests[0].BatchId, _destination.Requests[2].BatchId);
        Assert.True(_destination.Requests[0].Body.Span.SequenceEqual(_destination.Requests[2].Body.Span));
    }

    [Fact]
    public async Task Deliver_TwoDestinations_TheWorstOutcomeCounts()
    {
        var other = new ScriptedDestination("b");
        using var bench = Bench(others: other);
        bench.Add(LogPayload("one", "two", "three"));
        _destination.Answers.Enqueue(new(DeliveryStatus.Delivered, RejectedRecords: 1));
        other.Answers.Enqueue(new(DeliveryStatus.Refused));
        await bench.DeliverAsync();
        bench.AssertLogs(refused: 3);
    }

    [Fact]
    public async Task Deliver_TooOld_ExpiresOnlyAfterOneMoreAttempt()
    {
        using var bench = Bench(new(MaxAge: TimeSpan.FromHours(1)));
        bench.Add(LogPayload("one") with { Created = _time.GetUtcNow() });
        _time.JumpWallClock(TimeSpan.FromHours(5));
        _destination.Answers.Enqueue(new(DeliveryStatus.Retryable));
        await bench.DeliverAsync();
        Assert.Single(_destination.Requests);
        Assert.Equal(1, bench.LogsLine().Dropped[(int)DropReason.Expired]);
    }

    [Fact]
    public async Task Deliver_MoreRejectedThanSent_NeverCountsMoreThanThereWere()
    {
        using var bench = Bench();
        bench.Add(LogPayload("one", "two"));
        _destination.Answers.Enqueue(new(DeliveryStatus.Delivered, RejectedRecords: 99));
        await bench.DeliverAsync();
        bench.AssertLogs(rejected: 2);
    }

    [Fact]
    public async Task Deliver_ClockSetBack_DoesNotSilenceTheDestination()
    {
        using var bench = Bench();
        bench.Add(LogPayload("one"));
        _destination.Answers.Enqueue(new(DeliveryStatus.Retryable));
        await bench.DeliverAsync();
        _time.JumpWallClock(TimeSpan.FromDays(-1));
        var wait = bench.Outbox.Lanes[0].Health.WaitFrom(_time.GetUtcNow(), isLastChance: false);
        Assert.InRange(wait, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(100));

        // The wait also ends, long before the clock reaches its old time.
        _time.Advance(wait);
        await bench.DeliverAsync();
        bench.AssertLogs(exported: 1);
    }

    [Fact]
    public async Task Add_AboveTheCeiling_OldestGoToFilesAndComeBack()
    {
        using var bench = Bench(new(MaxBytes: 3000));
        for (var i = 0; i < 10; i++)
            bench.Add(LogPayload($"m{i}" + new string('x', 900)));
        var counts = bench.Outbox.Counts;
        Assert.InRange(counts.Bytes, 1, 3000);
        Assert.Equal(10, counts.Payloads);
        Assert.InRange(counts.SpooledPayloads, 7, 9);
        var line = bench.LogsLine();
        Assert.Equal((counts.SpooledPayloads, 10), (line.Spooled, line.Spooled + line.Buffered));

        await bench.DeliverAsync();
        bench.AssertLogs(exported: 10);
        Assert.Equal(new(0, 0, 0, 0), bench.Outbox.Counts);
    }

    [Fact]
    public void Add_FilesFullToo_ShedsMetricsThenSpansThenLogs()
    {
        using var bench = Bench(new(MaxBytes: RoomFor(4), SpoolMaxBytes: 0));
        foreach (var signal in new[] { Signal.Logs, Signal.Traces, Signal.Metrics, Signal.Traces, Signal.Logs, Signal.Logs, Signal.Logs })
            bench.Add(LogPayload(new string('x', 900)) with { Signal = signal });
        long Shed(Signal signal) => bench.Ledger[(LedgerAccount)signal].Dropped[(int)DropReason.Shed];
        Assert.Equal((1, 2, 0), (Shed(Signal.Metrics), Shed(Signal.Traces), Shed(Signal.Logs)));
    }

    [Fact]
    public async Task Add_FilesFullOfMetrics_MetricsGoAndLogsTakeTheirPlace()
    {
        using var bench = Bench(new(MaxBytes: RoomFor(3), SpoolMaxBytes: 3500));
        for (var i = 0; i < 6; i++)
            bench.Add(LogPayload(new string('x', 900)) with { Signal = Signal.Metrics });
        for (var i = 0; i < 10; i++)
            bench.Add(LogPayload($"{i}" + new string('x', 900)));
        Assert.Equal((6, 4), (bench.Ledger[LedgerAccount.Metrics].Dropped[(int)DropReason.Shed], bench.LogsLine().Dropped[(int)DropReason.Shed]));
        Assert.Equal((6, 3), (bench.Outbox.Counts.Payloads, bench.Outbox.Counts.SpooledPayloads));
        Assert.InRange(bench.Outbox.Counts.Bytes, 1, RoomFor(3));

        // The oldest payloads are gone, in files as in memory.
        await bench.DeliverAsync(DeliveryMode.Drain);
        bench.AssertLogs(exported: 6);
        var sent = string.Concat(_destination.Requests.Select(static request => System.Text.Encoding.UTF8.GetString(request.Body.Span)));
        Assert.Equal("456789", string.Concat("0123456789".Where(number => sent.Contains(number + "xxx", StringComparison.Ordinal))));
    }

    [Fact]
    public void Add_FilesFullAndTheDiskIsBroken_CostsOneFileAtMost()
    {
        using var bench = Bench(new(MaxBytes: RoomFor(3), SpoolMaxBytes: 9000));
        var payloads = Enumerable.Range(0, 11).Select(_ => bench.Add(LogPayload(new string('x', 900)) with { Signal = Signal.Metrics })).ToList();
        var spooled = bench.Outbox.Counts.SpooledPayloads;
        // Files can be deleted but not created, because their names are taken.
        foreach (var payload in payloads)
            for (var number = spooled; number < spooled + 10; number++)
                Directory.CreateDirectory(Path.Combine(bench.SpoolDirectory, $"{payload.Created.ToUnixTimeMilliseconds():x12}-{number:x6}-{payload.BatchId}.otlp.part"));
        for (var i = 0; i < 2; i++)
            bench.Add(LogPayload(records: 1, bytesEach: 100));
        Assert.InRange(bench.Outbox.Counts.SpooledPayloads, spooled - 1, spooled);
        Assert.InRange(bench.Outbox.Counts.Bytes, 1, RoomFor(3));
        Assert.Equal(0, bench.LogsLine().Dropped[(int)DropReason.Shed]);
        Assert.True(bench.Ledger[LedgerAccount.Metrics].Dropped[(int)DropReason.Shed] > 1);
    }

    [Fact]
    public async Task SpoolRemaining_BeforeAReset_TheNextGenerationDeliversAll()
    {
        using var bench = Bench(new(MaxBytes: 3000));
        for (var i = 0; i < 10; i++)
            bench.Add(LogPayload($"m{i}" + new string('x', 900)));
        Assert.Equal(10, await bench.Outbox.SpoolRemainingAsync(TestContext.Current.CancellationToken));
        Assert.Equal(0, await bench.Delivery.GiveUpAsync(new ScriptedDeadLetters { Room = 0 }, TestContext.Current.CancellationToken));
        var line = bench.LogsLine();
        Assert.Equal((10, 10, 0, 0), (line.Received, line.Spooled, line.Buffered, line.DroppedTotal));
        bench.Outbox.Dispose();

        using var next = new DeliveryTestBench([_destination], new(SpoolDirectory: bench.SpoolDirectory), null, _time);
        Assert.Equal(10, await next.Outbox.RecoverAsync());
        await next.DeliverAsync();
        next.AssertLogs(exported: 10);
        Assert.Equal(10, next.LogsLine().Received);
    }

    [Fact]
    public async Task SpoolRemaining_NotRoomForAll_KeepsTheMostValuableAndDeadLettersTheRest()
    {
        using var bench = Bench(new(MaxBytes: 100_000, SpoolMaxBytes: 2500));
        foreach (var signal in new[] { Signal.Metrics, Signal.Metrics, Signal.Traces, Signal.Logs })
            bench.Add(LogPayload(new string('x', 900)) with { Signal = signal });
        Assert.Equal(2, await bench.Outbox.SpoolRemainingAsync(TestContext.Current.CancellationToken));
        var letters = new ScriptedDeadLetters();
        Assert.Equal(2, await bench.Delivery.GiveUpAsync(letters, TestContext.Current.CancellationToken));
        Assert.All(letters.Written, static letter => Assert.Equal(Signal.Metrics, letter.Signal));
        Assert.Equal((1, 1, 2), (bench.LogsLine().Spooled, bench.Ledger[LedgerAccount.Traces].Spooled, bench.Ledger[LedgerAccount.Metrics].DeadLettered));
        Assert.Equal(2, Directory.GetFiles(bench.SpoolDirectory, "*.otlp").Length);
    }

    [Fact]
    public async Task Add_ShedWhileABatchIsTriedAgain_QueuesStayShort()
    {
        using var bench = Bench(new(MaxBytes: 64 * 1024, SpoolMaxBytes: 0));
        _destination.Respond = static _ => new(DeliveryStatus.Retryable);
        for (var i = 0; i < 2000; i++)
        {
            bench.Add(LogPayload(1, 1000) with { Signal = i == 0 ? Signal.Logs : Signal.Metrics });
            if (i % 100 == 0)
                await bench.DeliverAsync();
        }

        Assert.InRange(bench.Outbox.Lanes.Single(static lane => lane.Signal == Signal.Metrics).Queue.Fresh, 1, (2 * bench.Outbox.Counts.Payloads) + 64);

        // The rest is complete and in order.
        _destination.Respond = null;
        _destination.Requests.Clear();
        await bench.DeliverAsync(DeliveryMode.Drain);
        Assert.Equal(0, bench.Outbox.Counts.Payloads);
        bench.AssertLogs(exported: 1);
        var metrics = bench.Ledger[LedgerAccount.Metrics];
        Assert.Equal((2000 - 1, 0), (metrics.Exported + metrics.Dropped[(int)DropReason.Shed], metrics.Buffered));
        Assert.InRange(metrics.Exported, 30, 64);
    }

    [Fact]
    public async Task Recover_AfterAReset_DeliversOnlyToThoseWhoHaveNotGotIt()
    {
        using var bench = Bench(new(MaxBytes: 500), null, new ScriptedDestination("b"));
        var payload = bench.Add(LogPayload(new string('x', 900)));
        Assert.Equal(1, bench.Outbox.Counts.SpooledPayloads);
        var directory = bench.SpoolDirectory;
        File.WriteAllText(Path.Combine(directory, "half.part"), "half");
        File.WriteAllBytes(Path.Combine(directory, "body.otlp"), Damaged(directory, at: ^1));
        File.WriteAllBytes(Path.Combine(directory, "head.otlp"), Damaged(directory, at: 30));
        // This file cannot be opened.
        Directory.CreateDirectory(Path.Combine(directory, "0-folder.otlp"));
        File.WriteAllBytes(Path.Combine(directory, "short.otlp"), File.ReadAllBytes(Directory.GetFiles(directory, "0*.otlp")[0])[..^1]);
        bench.Outbox.Dispose();

        var b = new ScriptedDestination("b");
        using var next = new DeliveryTestBench([b], new(SpoolDirectory: directory), null, _time);
        // A body is not read before it is needed.
        Assert.Equal(2, await next.Outbox.RecoverAsync());
        Assert.Equal((2, 2, 0), (next.LogsLine().Received, next.LogsLine().Spooled, next.LogsLine().Buffered));
        await next.DeliverAsync();
        Assert.Equal(1, next.LogsLine().Dropped[(int)DropReason.SpoolLost]);
        Assert.Equal(payload.BatchId, Assert.Single(b.Requests).BatchId);
        next.AssertLogs(exported: 1);
        Assert.Equal(["lock"], Directory.GetFiles(directory).Select(Path.GetFileName));
    }

    /// <summary>The limit may grow, because backends raise limits and proxies are replaced.</summary>
    [Fact]
    public async Task Deliver_LimitOnRequestsWasRaised_RequestsGrowAgain()
    {
        var limit = 16 * 1024;
        _destination.Respond = payload => payload.Body.Length <= limit
            ? new(DeliveryStatus.Delivered)
            : new(DeliveryStatus.Refused, MayBeTooLargeOrPoisoned: true, IsTooLarge: true);
        using var bench = Bench(new(MaxBytes: 64 << 20, SpoolMaxBytes: 0));
        await SendAsync(60);
        var cut = _destination.Requests.Count;
        limit = int.MaxValue;
        await SendAsync(100);
        Assert.All(_destination.Requests.Skip(cut), request => Assert.InRange(request.Body.Length, 1, 16 * 1024));
        await SendAsync(8000);
        Assert.InRange(_destination.Requests.Skip(cut).Max(static request => request.Body.Length), (16 * 1024) + 1, 64 * 1024);
        bench.AssertLogs(exported: 8160);

        async Task SendAsync(int payloads)
        {
            for (var i = 0; i < payloads; i++)
                bench.Add(LogPayload(new string('x', 2000)));
            await bench.DeliverAsync(DeliveryMode.Drain);
        }
    }

    [Fact]
    public async Task Deliver_SpoolFileDeletedByTheFunction_IsCountedAndTheRestArrives()
    {
        using var bench = Bench(new(MaxBytes: 2000));
        for (var i = 0; i < 4; i++)
            bench.Add(LogPayload($"m{i}" + new string('x', 900)));
        var spooled = Directory.GetFiles(bench.SpoolDirectory, "*.otlp");
        File.Delete(spooled[0]);
        await bench.DeliverAsync(DeliveryMode.Drain);
        Assert.Equal((1, 0), (bench.LogsLine().Dropped[(int)DropReason.SpoolLost], bench.LogsLine().Spooled));
        bench.AssertLogs(exported: 3);
    }

    [Fact]
    public void Add_DirectoryCannotBeMade_ShedsInstead()
    {
        using var bench = Bench(new(MaxBytes: 500, SpoolDirectory: "/dev/null/spool"));
        bench.Add(LogPayload(new string('x', 900)));
        Assert.Equal(1, bench.LogsLine().Dropped[(int)DropReason.Shed]);
    }

    [Fact]
    public async Task Spool_SecondOwner_KeepsAway()
    {
        using var bench = Bench(new(MaxBytes: 500));
        bench.Add(LogPayload(new string('x', 900)));
        using var second = new DeliveryTestBench([_destination], new(MaxBytes: 500, SpoolDirectory: bench.SpoolDirectory), null, _time);
        Assert.Equal(0, await second.Outbox.RecoverAsync());
        second.Add(LogPayload(new string('x', 900)));
        Assert.Equal(1, second.LogsLine().Dropped[(int)DropReason.Shed]);
    }

    /// <summary>The payload is in, so the caller must not send it again.</summary>
    [Fact]
    public void Add_TooLittleMemoryToWakeTheFiles_IsKeptAndWrittenLater()
    {
        var isScarce = true;
        using var bench = new DeliveryTestBench(
            [_destination], new(MaxBytes: 500), null, _time, inBackground: work =>
            {
                if (isScarce)
                    throw new InsufficientMemoryException();
                work();
            });

        bench.Add(LogPayload(new string('x', 900)));
        Assert.Equal((1, 0), (bench.Outbox.Counts.Payloads, bench.Outbox.Counts.SpooledPayloads));

        isScarce = false;
        bench.Add(LogPayload("two"));
        Assert.Equal((2, 2), (bench.Outbox.Counts.Payloads, bench.Outbox.Counts.SpooledPayloads));
    }

    [Fact]
    public async Task Deliver_TooLittleMemoryToMerge_IsTriedAgainAfterAPause()
    {
        using var bench = Bench();
        using var scarce = new ScarceMemory(LogPayload("two").Body.ToArray());
        bench.Add(LogPayload("one"));
        bench.Add(LogPayload("two") with { Body = scarce.Memory });
        var summary = await bench.DeliverAsync();
        Assert.Equal(new(2, HealthyAreDone: false), summary);
        Assert.Empty(_destination.Requests);

        scarce.IsThere = true;
        _time.Advance(TimeSpan.FromMinutes(1));
        await bench.DeliverAsync();
        bench.AssertLogs(exported: 2);
    }

    private DeliveryTestBench Bench(OutboxOptions? options = null, RetrySchedule? schedule = null, params IDestination[] others) =>
        new([_destination, .. others], options, schedule, _time);

    /// <summary>Of payloads with a little more than 900 bytes.</summary>
    private static int RoomFor(int payloads) => payloads * (930 + OutboxEntry.OverheadOf(1));

    private static byte[] Damaged(string directory, Index at)
    {
        var bytes = File.ReadAllBytes(Directory.GetFiles(directory, "0*.otlp")[0]);
        bytes[at] ^= 1;
        return bytes;
    }

    private sealed class ScarceMemory(byte[] bytes) : MemoryManager<byte>
    {
        public bool IsThere { get; set; }

        public override Memory<byte> Memory => CreateMemory(bytes.Length);

        public override Span<byte> GetSpan() => IsThere ? bytes : throw new InsufficientMemoryException();

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
