using System.Diagnostics;
using System.Text;
using TelemetryExtension.Configuration;
using TelemetryExtension.Delivery;
using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;
using TelemetryExtension.Tests.Delivery;
using static TelemetryExtension.Tests.Delivery.DeliveryTestBench;

namespace TelemetryExtension.Tests.Outbox;


/// <summary>A function whose SDK does not batch, and a backend that is down: very many very small payloads.</summary>
[Collection(nameof(AloneInTheProcess))]
public sealed class OutboxCeilingTests(ITestOutputHelper output)
{
    private readonly ManualTimeProvider _time = new();
    private readonly ScriptedDestination _destination = new("otlp http://127.0.0.1:4318");

    [Theory]
    [InlineData(300, 200_000, 0)]
    [InlineData(300, 200_000, 500)]
    [InlineData(2000, 40_000, 0)]
    [Trait("Category", "Slow")]
    public async Task Add_FarMoreThanFits_HeapFilesAndCpuStayBounded(int bytes, int payloads, int flushEvery)
    {
        _destination.Respond = static _ => new(DeliveryStatus.Retryable);
        using var bench = Bench(new());
        var body = LogPayload(new string('x', bytes)).Body.ToArray();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var (most, files, clock) = (0L, 0, TimeSpan.Zero);
        for (var i = 1; i <= payloads; i++)
        {
            var payload = new OtlpPayload((Signal)(i % 3), body.AsSpan().ToArray(), 1, _time.GetUtcNow());
            var start = Stopwatch.GetTimestamp();
            bench.Add(payload);
            clock += Stopwatch.GetElapsedTime(start);
            if (flushEvery > 0 && i % flushEvery == 0)
            {
                _time.Advance(TimeSpan.FromSeconds(30));
                await bench.DeliverAsync();
                _destination.Requests.Clear();
            }

            files = Math.Max(files, bench.Outbox.Counts.SpooledPayloads);
            if (i % (payloads / 10) == 0)
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
        }

        var counts = bench.Outbox.Counts;
        output.WriteLine($"heap {most >> 10} KiB, files {files}, us each {clock.TotalMicroseconds / payloads:0.00}, {counts}");
        var options = new OutboxOptions();
        Assert.InRange(counts.Bytes, options.MaxBytes / 2, options.MaxBytes);
        Assert.InRange(counts.SpooledBytes, options.SpoolMaxBytes * 3L / 4, options.SpoolMaxBytes);
        Assert.InRange(files, 100, SpoolRoom.MaxFiles);
        Assert.Equal(files, Math.Max(files, Directory.GetFiles(bench.SpoolDirectory, "*.otlp").Length));
        Assert.InRange(most, options.MaxBytes / 2, options.MaxBytes + (2 << 20));
        // It takes some microseconds. It took a thousand times as long when every entry was visited. The machine may be busy.
        Assert.InRange(clock.TotalMicroseconds / payloads, 0, 200);

        // Nothing is counted twice, and the most valuable payloads are left.
        var shed = Enum.GetValues<Signal>().Select(signal => bench.Ledger[(LedgerAccount)signal].DroppedTotal).ToArray();
        Assert.Equal((true, true), (shed[(int)Signal.Metrics] >= shed[(int)Signal.Traces], shed[(int)Signal.Traces] >= shed[(int)Signal.Logs]));
        _destination.Respond = null;
        _time.Advance(TimeSpan.FromMinutes(1));
        await bench.DeliverAsync(DeliveryMode.Drain, 60_000);
        foreach (var signal in Enum.GetValues<Signal>())
        {
            var line = bench.Ledger[(LedgerAccount)signal];
            Assert.Equal((0, 0), (line.Buffered, line.Spooled));
            Assert.Equal(line.Received, line.Exported + line.Dropped[(int)DropReason.Shed]);
        }

        Assert.Equal(payloads - shed.Sum(), _destination.Requests.Sum(static request => request.Records));
    }

    [Fact]
    public async Task Add_SmallPayloadsAboveTheCeiling_ShareFilesAndAllArriveInOrder()
    {
        using var bench = Bench(new(MaxBytes: 64 * 1024));
        for (var i = 0; i < 1000; i++)
            bench.Add(LogPayload($"<{i}>" + new string('x', 200)));
        var counts = bench.Outbox.Counts;
        Assert.InRange(counts.SpooledPayloads, 5, 20);
        Assert.Equal(counts.SpooledPayloads, Directory.GetFiles(bench.SpoolDirectory, "*.otlp").Length);
        Assert.InRange(counts.Payloads, counts.SpooledPayloads + 1, counts.SpooledPayloads + 100);
        Assert.InRange(bench.LogsLine().Spooled, 900, 999);

        await bench.DeliverAsync(DeliveryMode.Drain);
        bench.AssertLogs(exported: 1000);
        Assert.Equal(default, bench.Outbox.Counts);
        Assert.Equal(string.Concat(Enumerable.Range(0, 1000).Select(static i => $"<{i}>")), Numbers());
    }

    [Fact]
    public async Task Add_PayloadsOfABatchThatFailed_ShareAFileAndGoAgainUnderTheSameId()
    {
        using var bench = Bench(new(MaxBytes: 64 * 1024));
        _destination.Answers.Enqueue(new(DeliveryStatus.Retryable));
        for (var i = 0; i < 20; i++)
            bench.Add(LogPayload($"<{i}>") with { Created = _time.GetUtcNow() - TimeSpan.FromSeconds(20 - i) });
        await bench.DeliverAsync();
        var failed = Assert.Single(_destination.Requests);
        for (var i = 20; i < 100; i++)
            bench.Add(LogPayload($"<{i}>" + new string('x', 500)));
        _time.Advance(TimeSpan.FromMinutes(1));
        await bench.DeliverAsync(DeliveryMode.Drain);
        bench.AssertLogs(exported: 100);
        var again = Assert.Single(_destination.Requests[1..], request => request.BatchId == failed.BatchId);
        Assert.True(failed.Body.Span.SequenceEqual(again.Body.Span));
        // A destination may include the time in its request.
        Assert.Equal((20, failed.Created), (again.Records, again.Created));
    }

    [Fact]
    public async Task Add_OneDestinationHasSomeAlready_OnlyAlikeOnesShareAFile()
    {
        var other = new ScriptedDestination("b") { Respond = static _ => new(DeliveryStatus.Retryable) };
        using var bench = new DeliveryTestBench([_destination, other], new(MaxBytes: 64 * 1024), null, _time);
        for (var i = 0; i < 40; i++)
            bench.Add(LogPayload($"<{i}>"));
        await bench.DeliverAsync();
        _destination.Respond = static _ => new(DeliveryStatus.Retryable);
        for (var i = 40; i < 200; i++)
            bench.Add(LogPayload($"<{i}>" + new string('x', 500)));
        _destination.Respond = null;
        other.Respond = null;
        other.Requests.Clear();
        _time.Advance(TimeSpan.FromMinutes(1));
        await bench.DeliverAsync(DeliveryMode.Drain);
        bench.AssertLogs(exported: 200);
        Assert.Equal((200, 200), (_destination.Requests.Sum(static request => request.Records), other.Requests.Sum(static request => request.Records)));
    }

    [Fact]
    public async Task Recover_SharedFiles_AreSentWithinTheLimitOfARequest()
    {
        using var bench = Bench(new(MaxBytes: 64 * 1024));
        for (var i = 0; i < 1000; i++)
            bench.Add(LogPayload($"<{i}>" + new string('x', 200)));
        var left = await bench.Outbox.SpoolRemainingAsync(TestContext.Current.CancellationToken);
        Assert.InRange(left, 5, 20);
        bench.Outbox.Dispose();

        var options = new OutboxOptions(MaxRequestBytes: 100_000, SpoolDirectory: bench.SpoolDirectory);
        using var next = new DeliveryTestBench([_destination], options, null, _time);
        Assert.Equal(left, await next.Outbox.RecoverAsync());
        await next.DeliverAsync();
        next.AssertLogs(exported: 1000);
        Assert.All(_destination.Requests, static request => Assert.InRange(request.Body.Length, 1, 100_000));
        Assert.InRange(_destination.Requests.Count, 3, 5);
    }

    [Fact]
    public async Task Deliver_ABadRecordInASharedFile_CostsNoOther()
    {
        _destination.Respond = static request =>
            Encoding.UTF8.GetString(request.Body.Span).Contains("<7>", StringComparison.Ordinal) ? new(DeliveryStatus.Refused, MayBeTooLargeOrPoisoned: true) : new(DeliveryStatus.Delivered);
        using var bench = Bench(new(MaxBytes: 16 * 1024));
        for (var i = 0; i < 100; i++)
            bench.Add(LogPayload($"<{i}>" + new string('x', 200)));
        Assert.InRange(bench.Outbox.Counts.SpooledPayloads, 1, 20);
        await bench.DeliverAsync(DeliveryMode.Drain);
        bench.AssertLogs(exported: 99, refused: 1);
    }

    [Fact]
    public void Add_PayloadsOfVeryDifferentAge_DoNotShareAFile()
    {
        using var bench = Bench(new(MaxBytes: 4000, MaxAge: TimeSpan.FromHours(1)));
        for (var i = 0; i < 20; i++)
            bench.Add(LogPayload($"<{i}>") with { Created = _time.GetUtcNow() + TimeSpan.FromMinutes(10 * i) });
        Assert.Equal(bench.LogsLine().Spooled, bench.Outbox.Counts.SpooledPayloads);
    }

    [Fact]
    public async Task Add_ThousandsThatCannotShareFiles_FilesStayFewAndTheOldestAreShed()
    {
        using var bench = Bench(new(MaxBytes: 4000, MaxAge: TimeSpan.FromHours(1)));
        for (var i = 0; i < 1500; i++)
            bench.Add(LogPayload($"<{i}>") with { Created = _time.GetUtcNow() + TimeSpan.FromMinutes(10 * i) });
        Assert.Equal((SpoolRoom.MaxFiles, SpoolRoom.MaxFiles), (bench.Outbox.Counts.SpooledPayloads, Directory.GetFiles(bench.SpoolDirectory, "*.otlp").Length));
        var shed = (int)bench.LogsLine().Dropped[(int)DropReason.Shed];
        Assert.InRange(shed, 490, 500);
        await bench.DeliverAsync(DeliveryMode.Drain);
        bench.AssertLogs(exported: 1500 - shed);
        Assert.StartsWith($"<{shed}>", Numbers(), StringComparison.Ordinal);
    }

    [Fact]
    public void Add_DirectoryWiped_IsMadeAgainAndWhatWasInItIsLost()
    {
        using var bench = Bench(new(MaxBytes: 5000));
        for (var i = 0; i < 10; i++)
            bench.Add(LogPayload(1, 1000));
        var spooled = bench.LogsLine().Spooled;
        Assert.InRange(spooled, 5, 9);
        Directory.Delete(bench.SpoolDirectory, recursive: true);
        for (var i = 0; i < 100; i++)
            bench.Add(LogPayload(1, 1000));
        var line = bench.LogsLine();
        Assert.Equal((spooled, spooled), (line.DroppedTotal, line.Dropped[(int)DropReason.SpoolLost]));
        Assert.Equal(bench.Outbox.Counts.SpooledPayloads, Directory.GetFiles(bench.SpoolDirectory, "*.otlp").Length);
        Assert.True(File.Exists(Path.Combine(bench.SpoolDirectory, "lock")));
        Assert.Equal(110, line.Spooled + line.Buffered + line.DroppedTotal);
    }

    [Fact]
    public void Add_FullDirectoryWiped_OneFileAtMostCountsAsShed()
    {
        using var bench = Bench(new(MaxBytes: 5000, SpoolMaxBytes: 6000));
        for (var i = 0; i < 20; i++)
            bench.Add(LogPayload(1, 1000));
        var (spooled, shed) = (bench.LogsLine().Spooled, bench.LogsLine().Dropped[(int)DropReason.Shed]);
        Assert.True(spooled > 0 && shed > 0);
        Directory.Delete(bench.SpoolDirectory, recursive: true);
        bench.Add(LogPayload(1, 1000));
        var line = bench.LogsLine();
        Assert.Equal((shed + 1, spooled - 1), (line.Dropped[(int)DropReason.Shed], line.Dropped[(int)DropReason.SpoolLost]));
    }

    [Fact]
    public async Task Deliver_DirectoryWiped_TheRestArrives()
    {
        using var bench = Bench(new(MaxBytes: 5000));
        for (var i = 0; i < 10; i++)
            bench.Add(LogPayload(1, 1000));
        var spooled = bench.LogsLine().Spooled;
        Directory.Delete(bench.SpoolDirectory, recursive: true);
        await bench.DeliverAsync(DeliveryMode.Drain);
        Assert.Equal(spooled, bench.LogsLine().Dropped[(int)DropReason.SpoolLost]);
        bench.AssertLogs(exported: 10 - spooled);
        Assert.Equal(default, bench.Outbox.Counts);
    }

    [Fact]
    public void Add_DiskRefusedOnce_IsTriedAgainAfterAPause()
    {
        using var bench = Bench(new(MaxBytes: 5000));
        // A directory cannot be created where a file is.
        File.WriteAllText(bench.SpoolDirectory, "");
        for (var i = 0; i < 10; i++)
            bench.Add(LogPayload(1, 1000));
        var shed = bench.LogsLine().Dropped[(int)DropReason.Shed];
        Assert.InRange(shed, 5, 9);
        File.Delete(bench.SpoolDirectory);
        bench.Add(LogPayload(1, 1000));
        Assert.Equal((shed + 1, 0), (bench.LogsLine().Dropped[(int)DropReason.Shed], bench.LogsLine().Spooled));

        _time.Advance(TimeSpan.FromMinutes(1));
        for (var i = 0; i < 10; i++)
            bench.Add(LogPayload(1, 1000));
        Assert.Equal((shed + 1, 20 - shed), (bench.LogsLine().Dropped[(int)DropReason.Shed], bench.LogsLine().Spooled + bench.LogsLine().Buffered));
        Assert.True(bench.LogsLine().Spooled > 5);
    }

    private string Numbers() => string.Concat(
        _destination.Requests.SelectMany(static request => Encoding.UTF8.GetString(request.Body.Span).Split('<')[1..]).Select(static text => $"<{text[..text.IndexOf('>')]}>"));

    private DeliveryTestBench Bench(OutboxOptions options) => new([_destination], options, null, _time);
}
