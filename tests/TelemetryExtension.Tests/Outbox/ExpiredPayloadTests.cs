using TelemetryExtension.Configuration;
using TelemetryExtension.Delivery;
using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;
using TelemetryExtension.Tests.Delivery;
using static TelemetryExtension.Tests.Delivery.DeliveryTestBench;

namespace TelemetryExtension.Tests.Outbox;


/// <summary>Payloads past their limits while the environment lives.</summary>
public sealed class ExpiredPayloadTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly ScriptedDestination _destination = new("a") { Respond = static _ => new(DeliveryStatus.Retryable) };
    private readonly ScriptedDeadLetters _letters = new();

    [Fact]
    public async Task WriteExpired_PastItsAttempts_IsWrittenWholeAndCountsAsDeadLettered()
    {
        using var bench = Bench();
        var payload = bench.Add(LogPayload("one", "two"));
        var summary = await bench.DeliverAsync();
        Assert.Equal((0, true), (summary.LeftPayloads, bench.Delivery.HasExpired));
        bench.AssertLogs(buffered: 2);

        await WriteAsync(bench, _letters);
        var letter = Assert.Single(_letters.Written);
        Assert.Equal((payload.BatchId, 2), (letter.BatchId, letter.Records));
        Assert.True(payload.Body.Span.SequenceEqual(letter.Body.Span));
        AssertLogs(bench, deadLettered: 2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Deliver_RefusedForAnUnrelatedReason_IsWrittenAtOnceAndNeverRetried(bool isItsOwn)
    {
        _destination.Respond = _ => new(DeliveryStatus.Refused, MayBeTooLargeOrPoisoned: isItsOwn);
        using var bench = Bench();
        var payload = bench.Add(LogPayload("one"));
        await bench.DeliverAsync();
        Assert.Equal(!isItsOwn, bench.Delivery.HasExpired);
        await WriteAsync(bench, _letters);
        await bench.DeliverAsync(DeliveryMode.Drain);
        Assert.Single(_destination.Requests);
        Assert.Equal(isItsOwn ? [] : new[] { payload.BatchId }, _letters.Written.Select(static letter => letter.BatchId));
        Assert.Equal(isItsOwn ? [] : [DropReason.Refused], _letters.Reasons);
        Assert.Equal((isItsOwn ? 0 : 1, isItsOwn ? 1 : 0), (bench.LogsLine().DeadLettered, bench.LogsLine().Dropped[(int)DropReason.Refused]));
    }

    [Fact]
    public async Task WriteExpired_RefusedAndNotWritten_CountsAsRefused()
    {
        _destination.Respond = static _ => new(DeliveryStatus.Refused);
        using var bench = Bench();
        bench.Add(LogPayload("one"));
        await bench.DeliverAsync();
        await WriteAsync(bench, new ScriptedDeadLetters { Room = 0 });
        bench.AssertLogs(refused: 1);
    }

    [Fact]
    public async Task Deliver_AFreshPayloadMergedWithAnOldOne_DoesNotExpireWithIt()
    {
        using var bench = Bench(new(MaxAge: TimeSpan.FromHours(1), KeepsForDeadLetters: true));
        var old = bench.Add(LogPayload("old") with { Created = _time.GetUtcNow() });
        _time.JumpWallClock(TimeSpan.FromHours(5));
        bench.Add(LogPayload("fresh") with { Created = _time.GetUtcNow() });
        await bench.DeliverAsync();
        Assert.Equal(2, Assert.Single(_destination.Requests).Records);
        await WriteAsync(bench, _letters);
        Assert.Equal([old.BatchId], _letters.Written.Select(static letter => letter.BatchId));

        _destination.Respond = null;
        await bench.DeliverAsync(DeliveryMode.Drain);
        Assert.Equal((1, 1), (bench.LogsLine().DeadLettered, bench.LogsLine().Exported));
    }

    [Fact]
    public async Task WriteExpired_PastItsAge_IsWritten()
    {
        using var bench = Bench(new(MaxAge: TimeSpan.FromHours(1), KeepsForDeadLetters: true));
        bench.Add(LogPayload("one") with { Created = _time.GetUtcNow() });
        _time.JumpWallClock(TimeSpan.FromHours(5));
        await bench.DeliverAsync();
        await WriteAsync(bench, _letters);
        AssertLogs(bench, deadLettered: 1);
    }

    [Fact]
    public async Task Deliver_FreshTelemetryWithEveryFlush_WhatFailedBeforeExpiresAllTheSame()
    {
        using var bench = Bench(new(MaxAge: TimeSpan.FromHours(1), KeepsForDeadLetters: true));
        var old = bench.Add(LogPayload("old") with { Created = _time.GetUtcNow() });
        await bench.FlushAsync();
        for (var flush = 0; flush < 3; flush++)
        {
            _time.JumpWallClock(TimeSpan.FromMinutes(40));
            bench.Add(LogPayload($"fresh {flush}") with { Created = _time.GetUtcNow() });
            await bench.FlushAsync();
        }

        await WriteAsync(bench, _letters);
        Assert.Contains(old.BatchId, _letters.Written.Select(static letter => letter.BatchId));
    }

    [Fact]
    public async Task WriteExpired_WriterTakesNoMore_TheRestIsDroppedAsExpired()
    {
        using var bench = Bench(new(MaxAttempts: 1, MaxRequestBytes: 1024, KeepsForDeadLetters: true));
        for (var i = 0; i < 5; i++)
            bench.Add(LogPayload($"m{i}"));
        await bench.DeliverAsync();
        await WriteAsync(bench, new ScriptedDeadLetters { Room = 3 });
        AssertLogs(bench, deadLettered: 3, expired: 2);
    }

    [Fact]
    public async Task Deliver_DeadLettersAreOff_IsDroppedAtOnce()
    {
        using var bench = Bench(new(MaxAttempts: 1));
        bench.Add(LogPayload("one"));
        await bench.DeliverAsync();
        Assert.False(bench.Delivery.HasExpired);
        AssertLogs(bench, expired: 1);
    }

    /// <summary>The payload takes half of the ceiling, and nothing else needs that room.</summary>
    [Fact]
    public async Task Deliver_AllThatWaitsExpires_AllOfItIsWritten()
    {
        using var bench = Bench(new(MaxBytes: RoomFor(9), SpoolMaxBytes: 0, MaxAttempts: 1, KeepsForDeadLetters: true));
        bench.Add(LogPayload("m0" + new string('x', 4 * 930)));
        for (var i = 1; i < 4; i++)
            bench.Add(LogPayload($"m{i}" + new string('x', 900)));
        await bench.DeliverAsync();
        await WriteAsync(bench, _letters);
        AssertLogs(bench, deadLettered: 4);
    }

    [Fact]
    public async Task Add_MemoryIsShort_ExpiredPayloadsMakeRoomForLiveOnes()
    {
        using var bench = Bench(new(MaxBytes: RoomFor(4), SpoolMaxBytes: 0, MaxAttempts: 1, KeepsForDeadLetters: true));
        for (var i = 0; i < 3; i++)
            bench.Add(LogPayload(new string('x', 900)));
        await bench.DeliverAsync();
        for (var i = 0; i < 3; i++)
            bench.Add(LogPayload(new string('y', 900)) with { Signal = Signal.Metrics });
        Assert.Equal(0, bench.Ledger[LedgerAccount.Metrics].Dropped[(int)DropReason.Shed]);
        Assert.Equal(2, bench.LogsLine().Dropped[(int)DropReason.Expired]);
    }

    [Fact]
    public async Task Add_MemoryAndFilesAreFull_ExpiredPayloadsInFilesMakeRoomForLiveOnes()
    {
        using var bench = Bench(new(MaxBytes: 2000, SpoolMaxBytes: 16_000, MaxAttempts: 1, KeepsForDeadLetters: true));
        for (var i = 0; i < 12; i++)
            bench.Add(LogPayload(new string('x', 900)));
        await bench.DeliverAsync();
        var before = bench.Outbox.Counts.SpooledPayloads;
        Assert.InRange(before, 5, int.MaxValue);
        for (var i = 0; i < 10; i++)
            bench.Add(LogPayload(new string('y', 900)) with { Signal = Signal.Metrics });
        Assert.Equal(0, bench.Ledger[LedgerAccount.Metrics].DroppedTotal);
        Assert.InRange(bench.LogsLine().Dropped[(int)DropReason.Expired], 1, 11);
    }

    [Fact]
    public async Task WriteExpired_PayloadInAFile_ComesBackAndTheFileGoes()
    {
        using var bench = Bench(new(MaxBytes: 500, MaxAttempts: 1, KeepsForDeadLetters: true));
        bench.Add(LogPayload(new string('x', 900)));
        await bench.DeliverAsync();
        Assert.Single(Directory.GetFiles(bench.SpoolDirectory, "*.otlp"));
        await WriteAsync(bench, _letters);
        Assert.True(Assert.Single(_letters.Written).Body.Length > 900);
        AssertLogs(bench, deadLettered: 1);
        Assert.Empty(Directory.GetFiles(bench.SpoolDirectory, "*.otlp"));
    }

    [Fact]
    public async Task WriteExpired_FileDeletedMeanwhile_IsDropped()
    {
        using var bench = Bench(new(MaxBytes: 500, MaxAttempts: 1, KeepsForDeadLetters: true));
        bench.Add(LogPayload(new string('x', 900)));
        await bench.DeliverAsync();
        File.Delete(Directory.GetFiles(bench.SpoolDirectory, "*.otlp")[0]);
        await WriteAsync(bench, _letters);
        Assert.Empty(_letters.Written);
        AssertLogs(bench, expired: 1);
    }

    [Fact]
    public async Task GiveUp_ExpiredAndUndelivered_ExpiredIsWrittenFirst()
    {
        using var bench = Bench();
        var expired = bench.Add(LogPayload("old"));
        await bench.DeliverAsync();
        var left = bench.Add(LogPayload("new"));
        Assert.Equal(2, await bench.Delivery.GiveUpAsync(_letters, TestContext.Current.CancellationToken));
        Assert.Equal([expired.BatchId, left.BatchId], _letters.Written.Select(payload => payload.BatchId));
        Assert.Equal([DropReason.Expired, DropReason.Shutdown], _letters.Reasons);
        AssertLogs(bench, deadLettered: 2);
    }

    [Fact]
    public async Task GiveUp_ExpiredForOneAndOpenForAnother_AllIsDeadLettered()
    {
        // The budget cut off the second destination, which is not an answer, so its part is still open.
        var slow = new ScriptedDestination("b") { Respond = static _ => throw new OperationCanceledException() };
        using var bench = new DeliveryTestBench([_destination, slow], new(MaxAttempts: 1, KeepsForDeadLetters: true), null, _time);
        bench.Add(LogPayload("one"));
        _ = bench.Outbox.Take(bench.Outbox.Lanes.Single(lane => lane.Destination == slow && lane.Signal == Signal.Logs));
        await bench.DeliverAsync();
        await bench.Delivery.GiveUpAsync(_letters, TestContext.Current.CancellationToken);
        AssertLogs(bench, deadLettered: 1);
    }

    [Fact]
    public async Task GiveUp_WhileExpiredOnesAreBeingWritten_WaitsForThem()
    {
        var letters = new ScriptedDeadLetters { Gate = new(TaskCreationOptions.RunContinuationsAsynchronously) };
        using var bench = Bench();
        bench.Add(LogPayload("old"));
        await bench.DeliverAsync();
        var writing = WriteAsync(bench, letters);
        var givingUp = bench.Delivery.GiveUpAsync(letters, TestContext.Current.CancellationToken);
        Assert.False(givingUp.IsCompleted);
        letters.Gate.SetResult();
        await writing;
        Assert.Equal(0, await givingUp);
        AssertLogs(bench, deadLettered: 1);
    }

    /// <summary>A sink that does not answer must not keep the rest from another one.</summary>
    [Fact]
    public async Task GiveUp_WriterOfExpiredOnesHangs_IsCutOffAndTheRestIsWritten()
    {
        var hanging = new ScriptedDeadLetters { Gate = new(TaskCreationOptions.RunContinuationsAsynchronously), GivesUp = true };
        using var bench = Bench();
        bench.Add(LogPayload("old"));
        await bench.DeliverAsync();
        var writing = WriteAsync(bench, hanging);
        bench.Add(LogPayload("new"));
        var givingUp = bench.Delivery.GiveUpAsync(_letters, TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        await writing;
        Assert.Equal(1, await givingUp);
        AssertLogs(bench, deadLettered: 1, expired: 1);
    }

    [Fact]
    public async Task GiveUp_OutOfTimeWhileOthersWrite_TheRestIsCounted()
    {
        var letters = new ScriptedDeadLetters { Gate = new(TaskCreationOptions.RunContinuationsAsynchronously) };
        using var bench = Bench();
        bench.Add(LogPayload("old"));
        await bench.DeliverAsync();
        var writing = WriteAsync(bench, letters);
        bench.Add(LogPayload("new"));
        Assert.Equal(1, await bench.Delivery.GiveUpAsync(letters, new CancellationToken(canceled: true)));
        Assert.Equal(1, bench.LogsLine().Dropped[(int)DropReason.Shutdown]);
        letters.Gate.SetResult();
        await writing;
        Assert.Equal((1, 0), (bench.LogsLine().DeadLettered, bench.LogsLine().Buffered));
    }

    private static Task WriteAsync(DeliveryTestBench bench, IDeadLetters letters) =>
        bench.Delivery.WriteExpiredAsync(letters, TestContext.Current.CancellationToken);

    private static void AssertLogs(DeliveryTestBench bench, long deadLettered = 0, long expired = 0)
    {
        var line = bench.LogsLine();
        Assert.Equal((deadLettered, expired, 0), (line.DeadLettered, line.Dropped[(int)DropReason.Expired], line.Buffered));
        Assert.Equal(default, bench.Outbox.Counts);
    }

    /// <summary>Of payloads with a little more than 900 bytes.</summary>
    private static int RoomFor(int payloads) => payloads * (930 + OutboxEntry.OverheadOf(1));

    private DeliveryTestBench Bench(OutboxOptions? options = null) =>
        new([_destination], options ?? new(MaxAttempts: 1, KeepsForDeadLetters: true), null, _time);
}
