using TelemetryExtension.Configuration;
using TelemetryExtension.Delivery;
using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;
using TelemetryExtension.Tests.Delivery;
using static TelemetryExtension.Tests.Delivery.DeliveryTestBench;

namespace TelemetryExtension.Tests.Outbox;


/// <summary>The end: the handling of undelivered payloads.</summary>
public sealed class OutboxGiveUpTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly ScriptedDestination _destination = new("a");

    [Fact]
    public async Task GiveUp_DeadLettersTakeTheFirst_TheRestIsDropped()
    {
        using var bench = Bench(new(MaxBytes: 2000));
        for (var i = 0; i < 5; i++)
            bench.Add(LogPayload($"m{i}" + new string('x', 900)));
        var letters = new ScriptedDeadLetters { Room = 3 };
        Assert.Equal(5, await bench.Delivery.GiveUpAsync(letters, TestContext.Current.CancellationToken));
        var line = bench.LogsLine();
        Assert.Equal((3, 2, 0), (line.DeadLettered, line.Dropped[(int)DropReason.Shutdown], line.Spooled + line.Buffered));
        Assert.All(letters.Written, payload => Assert.True(payload.Body.Length > 900));
        Assert.Equal(new(0, 0, 0, 0), bench.Outbox.Counts);
    }

    [Fact]
    public async Task GiveUp_DeadLettersTakeSome_ExactlyThoseCount()
    {
        using var bench = Bench();
        for (var i = 0; i < 5; i++)
            bench.Add(LogPayload([.. Enumerable.Repeat("x", i + 1)]));
        await bench.Delivery.GiveUpAsync(new PickyDeadLetters(payload => payload.Records is 2 or 5), TestContext.Current.CancellationToken);
        Assert.Equal((7, 8), (bench.LogsLine().DeadLettered, bench.LogsLine().Dropped[(int)DropReason.Shutdown]));
    }

    [Fact]
    public async Task GivenUp_PayloadCameBackFromAFile_IsNotKeptInMemory()
    {
        // Its lane's queue still holds the entry.
        using var bench = Bench(new(MaxBytes: 500));
        bench.Add(LogPayload(new string('x', 900)));
        var entry = Assert.Single(bench.Outbox.TakeOldest(1 << 20));
        Assert.True(await bench.Outbox.LoadAsync(entry, TestContext.Current.CancellationToken));
        Assert.True(entry.Payload.Body.Length > 900);
        bench.Outbox.Resolve(entry, isDeadLettered: true);
        Assert.True(entry.Payload.Body.IsEmpty);
    }

    [Fact]
    public async Task GiveUp_DeadLettersThrow_AllIsCountedAsDropped()
    {
        using var bench = Bench(new(MaxBytes: 500));
        for (var i = 0; i < 5; i++)
            bench.Add(LogPayload(new string('x', 900)));
        Assert.Equal(5, await bench.Delivery.GiveUpAsync(new ThrowingDeadLetters(), TestContext.Current.CancellationToken));
        Assert.Equal((5, 0), (bench.LogsLine().Dropped[(int)DropReason.Shutdown], bench.LogsLine().Buffered));
    }

    [Fact]
    public async Task GiveUp_TooLittleMemoryForOneChunk_TheOthersAreStillWritten()
    {
        using var bench = Bench();
        for (var i = 0; i < 5; i++)
            bench.Add(LogPayload(new string('x', 1024 * 1024)));
        var letters = new ScriptedDeadLetters();
        Assert.Equal(5, await bench.Delivery.GiveUpAsync(new ShortOfMemory(letters), TestContext.Current.CancellationToken));
        var line = bench.LogsLine();
        Assert.Equal((4, 1, 0), (line.DeadLettered, line.Dropped[(int)DropReason.Shutdown], line.Buffered));
        Assert.Equal(new(0, 0, 0, 0), bench.Outbox.Counts);
    }

    [Fact]
    public async Task GiveUp_OutOfTime_AllIsCountedWithoutReadingFiles()
    {
        using var bench = Bench(new(MaxBytes: 500));
        for (var i = 0; i < 3; i++)
            bench.Add(LogPayload(new string('x', 900)));
        var files = Directory.GetFiles(bench.SpoolDirectory, "*.otlp");
        Assert.NotEmpty(files);
        // The file is not read, so its loss is not noticed.
        File.Delete(files[0]);
        Assert.Equal(3, await bench.Delivery.GiveUpAsync(new ScriptedDeadLetters(), new CancellationToken(canceled: true)));
        Assert.Equal((3, 0, 0), (bench.LogsLine().Dropped[(int)DropReason.Shutdown], bench.LogsLine().Spooled, bench.LogsLine().Buffered));
        // Log lines are written first.
        Assert.NotEmpty(Directory.GetFiles(bench.SpoolDirectory, "*.otlp"));
        await bench.Delivery.DeleteGivenUpAsync(TestContext.Current.CancellationToken);
        Assert.Empty(Directory.GetFiles(bench.SpoolDirectory, "*.otlp"));
        Assert.Equal(new(0, 0, 0, 0), bench.Outbox.Counts);
    }

    private DeliveryTestBench Bench(OutboxOptions? options = null, RetrySchedule? schedule = null, params IDestination[] others) =>
        new([_destination, .. others], options, schedule, _time);

    private sealed class PickyDeadLetters(Func<OtlpPayload, bool> takes) : IDeadLetters
    {
        public bool HasRoom => true;

        public ValueTask<bool[]> WriteAsync(IReadOnlyList<UndeliveredPayload> payloads, CancellationToken cancellationToken) => new([.. payloads.Select(each => takes(each.Payload))]);
    }

    private sealed class ThrowingDeadLetters : IDeadLetters
    {
        public bool HasRoom => true;

        public ValueTask<bool[]> WriteAsync(IReadOnlyList<UndeliveredPayload> payloads, CancellationToken cancellationToken) => throw new InvalidOperationException("a bug");
    }

    private sealed class ShortOfMemory(ScriptedDeadLetters then) : IDeadLetters
    {
        public bool HasRoom => true;

        private bool _asked;

        public ValueTask<bool[]> WriteAsync(IReadOnlyList<UndeliveredPayload> payloads, CancellationToken cancellationToken)
        {
            if (_asked)
                return then.WriteAsync(payloads, cancellationToken);
            _asked = true;
            throw new InsufficientMemoryException();
        }
    }
}
