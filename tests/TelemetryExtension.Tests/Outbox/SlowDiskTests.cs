using TelemetryExtension.Delivery;
using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Configuration;
using TelemetryExtension.Otlp;
using TelemetryExtension.Tests.Delivery;
using static TelemetryExtension.Tests.Delivery.DeliveryTestBench;

namespace TelemetryExtension.Tests.Outbox;

/// <summary>A disk that hangs blocks only files, not the users of the outbox.</summary>
public sealed class SlowDiskTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ManualTimeProvider _time = new();
    private readonly ScriptedDestination _destination = new("a");
    private readonly HangingFiles _disk = new();

    public void Dispose() => _disk.Dispose();

    [Fact]
    public async Task Add_WriteHangs_TakesFarMoreAndMemoryStaysBounded()
    {
        var options = new OutboxOptions(MaxBytes: 64 * 1024, MaxOvershootBytes: 64 * 1024);
        using var bench = Bench(options);
        _disk.Hang();
        await InTimeAsync(() => AddMany(bench, 1000));
        await _disk.Reached.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await InTimeAsync(() => AddMany(bench, 1000));

        // Memory exceeds the ceiling by the overshoot and by the payloads that are being written.
        Assert.InRange(bench.Outbox.Counts.Bytes, options.MaxBytes, options.MaxBytes + options.MaxOvershootBytes + (64 * 1024));
        var line = bench.LogsLine();
        Assert.Equal(2000, line.Buffered + line.Dropped[(int)DropReason.Shed]);

        _disk.GoOn();
        await bench.Outbox.WaitForFilesAsync(TestContext.Current.CancellationToken);
        Assert.InRange(bench.Outbox.Counts.Bytes, 1, options.MaxBytes);
        Assert.True(bench.LogsLine().Spooled > 0);
    }

    [Fact]
    public async Task Deliver_WriteHangs_SendsWhatIsBeingWrittenFromMemoryOnce()
    {
        using var bench = Bench(new(MaxBytes: 64 * 1024));
        _disk.Hang();
        AddMany(bench, 60);
        await _disk.Reached.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await bench.DeliverAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
        bench.AssertLogs(exported: 60);

        // The file is complete only after its content is delivered, so it must not remain.
        _disk.GoOn();
        await bench.Outbox.WaitForFilesAsync(TestContext.Current.CancellationToken);
        Assert.Equal((default, 0), (bench.Outbox.Counts, bench.LogsLine().Spooled));
        Assert.Equal(1, _disk.Count);
        Assert.Equal(60, _destination.Requests.Sum(static request => request.Records));
    }

    [Fact]
    public async Task Deliver_ReadHangs_EndsWithItsBudgetAndLosesNothing()
    {
        using var bench = Bench(new(MaxBytes: 500));
        bench.Add(LogPayload(1, 1000));
        Assert.Equal(1, bench.LogsLine().Spooled);
        _disk.Hang();
        var delivery = bench.DeliverAsync(budgetMs: 300);
        await _disk.Reached.WaitAsync(Patience, TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromMilliseconds(300));
        Assert.True((await delivery.WaitAsync(Patience, TestContext.Current.CancellationToken)).WasCutOff);
        Assert.Empty(_destination.Requests);

        _disk.GoOn();
        await bench.DeliverAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
        bench.AssertLogs(exported: 1);
    }

    [Fact]
    public async Task GiveUp_ReadHangs_EndsWithItsTimeAndCountsAll()
    {
        using var bench = Bench(new(MaxBytes: 500));
        bench.Add(LogPayload(1, 1000));
        _disk.Hang();
        using var end = new CancellationTokenSource();
        var givenUp = bench.Delivery.GiveUpAsync(new ScriptedDeadLetters(), end.Token);
        await _disk.Reached.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await end.CancelAsync();
        Assert.Equal(1, await givenUp.WaitAsync(Patience, TestContext.Current.CancellationToken));
        Assert.Equal((1, 0, 0), (bench.LogsLine().Dropped[(int)DropReason.Shutdown], bench.LogsLine().Spooled, bench.LogsLine().Buffered));
    }

    [Fact]
    public async Task SpoolRemaining_WriteHangs_EndsInTimeAndDeadLettersTheRest()
    {
        using var bench = Bench(new());
        AddMany(bench, 3);
        _disk.Hang();
        using var end = new CancellationTokenSource();
        var left = bench.Outbox.SpoolRemainingAsync(end.Token);
        await _disk.Reached.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await end.CancelAsync();
        Assert.Equal(0, await left.WaitAsync(Patience, TestContext.Current.CancellationToken));
        await bench.Delivery.GiveUpAsync(new ScriptedDeadLetters(), TestContext.Current.CancellationToken);
        Assert.Equal((3, 0), (bench.LogsLine().DeadLettered, bench.LogsLine().Buffered));
    }

    private static void AddMany(DeliveryTestBench bench, int payloads)
    {
        for (var i = 0; i < payloads; i++)
            bench.Add(LogPayload(1, 1000));
    }

    /// <summary>A call that waits for the disk fails the test instead of hanging it.</summary>
    private static Task InTimeAsync(Action action) => Task.Run(action).WaitAsync(Patience, TestContext.Current.CancellationToken);

    private DeliveryTestBench Bench(OutboxOptions options) => new([_destination], options, null, _time, _disk, _disk.Start);
}
