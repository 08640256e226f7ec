using TelemetryExtension.Buffering;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Buffering;

public sealed class TelemetryChannelTests
{
    private const int BodyOverhead = 64;
    private readonly Ledger _ledger = new();

    private static CancellationToken TestToken => TestContext.Current.CancellationToken;

    [Fact]
    public void TryWrite_AnyKind_CountsItsRecordsOnItsAccount()
    {
        (TelemetryItemKind, Signal, LedgerAccount)[] cases =
        [
            (TelemetryItemKind.FunctionLog, Signal.Logs, LedgerAccount.Logs),
            (TelemetryItemKind.ExtensionLog, Signal.Logs, LedgerAccount.Logs),
            (TelemetryItemKind.PlatformEvent, Signal.Traces, LedgerAccount.Events),
            (TelemetryItemKind.OtlpRequest, Signal.Traces, LedgerAccount.Traces),
            (TelemetryItemKind.OtlpRequest, Signal.Metrics, LedgerAccount.Metrics),
            (TelemetryItemKind.OtlpRequest, Signal.Logs, LedgerAccount.Logs),
        ];
        var channel = Channel(items: 64, bytes: 1 << 20);
        var expected = new long[Ledger.Accounts];
        foreach (var (kind, signal, account) in cases)
        {
            Assert.True(channel.TryWrite(Item(kind, 100, signal, records: 7)));
            expected[(int)account] += 7;

            Assert.Equal(expected, Enum.GetValues<LedgerAccount>().Select(other => _ledger[other].Received));
            Assert.Equal(expected, Enum.GetValues<LedgerAccount>().Select(other => _ledger[other].Buffered));
        }
    }

    [Fact]
    public void TryWrite_ItemsUsedUp_DropsLogsCountsAndReleasesThem()
    {
        var channel = Channel(items: 64, bytes: 1 << 20);
        for (var i = 0; i < 56; i++)
            Assert.True(channel.TryWrite(Item(TelemetryItemKind.FunctionLog, 16)));
        var refused = Item(TelemetryItemKind.FunctionLog, 16);

        Assert.False(channel.TryWrite(refused));

        Assert.Throws<ObjectDisposedException>(() => refused.Memory);
        Assert.Equal(57, _ledger[LedgerAccount.Logs].Received);
        Assert.Equal(1, _ledger[LedgerAccount.Logs].Dropped[(int)DropReason.BufferItems]);
        Assert.Equal(56, _ledger[LedgerAccount.Logs].Buffered);
        Assert.Equal(56, channel.Count);
    }

    [Fact]
    public void TryWrite_ItemsUsedUp_StillTakesPlatformEvents()
    {
        var channel = Channel(items: 64, bytes: 1 << 20);
        while (channel.TryWrite(Item(TelemetryItemKind.OtlpRequest, 16)))
        {
        }

        for (var i = 0; i < 8; i++)
            Assert.True(channel.TryWrite(Item(TelemetryItemKind.PlatformEvent, 16)));
        Assert.False(channel.TryWrite(Item(TelemetryItemKind.PlatformEvent, 16)));
        Assert.Equal(1, _ledger[LedgerAccount.Events].Dropped[(int)DropReason.BufferItems]);
    }

    [Fact]
    public void TryWrite_BytesUsedUp_LogDropsWithThatReasonAndARequestIsNotTaken()
    {
        var channel = Channel(items: 64, bytes: 64 * 1024);
        Assert.True(channel.TryWrite(Item(TelemetryItemKind.OtlpRequest, 32 * 1024, records: 5)));

        Assert.False(channel.HasRoomFor(32 * 1024));
        Assert.False(channel.TryWrite(Item(TelemetryItemKind.OtlpRequest, 32 * 1024, records: 9)));

        Assert.False(channel.TryWrite(Item(TelemetryItemKind.FunctionLog, 32 * 1024)));

        Assert.Equal((1L, 1L), (_ledger[LedgerAccount.Logs].Received, _ledger[LedgerAccount.Logs].Dropped[(int)DropReason.BufferBytes]));
        Assert.Equal((5L, 0L, 5L), (_ledger[LedgerAccount.Traces].Received, _ledger[LedgerAccount.Traces].DroppedTotal, _ledger[LedgerAccount.Traces].Buffered));
        Assert.True(channel.HasRoomFor(16 * 1024));
    }

    [Fact]
    public void TryWrite_ManyItemsOfOneBody_ChargesTheBodyOnceUntilTheLastIsRead()
    {
        var channel = Channel(items: 64, bytes: 1 << 20);
        var body = PooledBody.Rent(100_000);
        for (var i = 0; i < 3; i++)
            Assert.True(channel.TryWrite(Slice(TelemetryItemKind.FunctionLog, body, i * 10, 10)));
        body.Release();

        // The pool rounds 100,000 up to 131,072.
        Assert.Equal(131_072, body.Capacity);
        for (var left = 3; left > 0; left--)
        {
            Assert.Equal(body.Capacity + BodyOverhead, channel.Bytes);
            Assert.True(channel.TryRead(out var item));
            item.Release();
        }

        Assert.Equal(0, channel.Bytes);
        Assert.Equal(0, channel.Count);
        Assert.Throws<ObjectDisposedException>(() => body.Span.Length);
    }

    [Fact]
    public void TryWrite_EventInsideFloodOfLogs_IsCopiedOutAndKept()
    {
        var channel = Channel(items: 1024, bytes: 1 << 20);
        var events = 0;
        for (var batch = 0; batch < 50; batch++)
        {
            var body = PooledBody.Rent(200_000);
            body.Span.Fill((byte)batch);
            for (var line = 0; line < 10; line++)
                channel.TryWrite(Slice(TelemetryItemKind.FunctionLog, body, line * 1000, 1000));
            if (channel.TryWrite(Slice(TelemetryItemKind.PlatformEvent, body, 150_000, 500)))
                events++;
            body.Release();
        }

        // Each of those bodies is 256 KiB: three fit into the budget, none into the reserve of 128 KiB.
        Assert.Equal(30, _ledger[LedgerAccount.Logs].Buffered);
        Assert.Equal(470, _ledger[LedgerAccount.Logs].Dropped[(int)DropReason.BufferBytes]);
        Assert.Equal(50, events);
        Assert.True(channel.Bytes < 1 << 20, $"{channel.Bytes}");
        var seen = new List<int>();
        while (channel.TryRead(out var item))
        {
            if (item.Kind == TelemetryItemKind.PlatformEvent)
            {
                Assert.Equal(500, item.Length);
                Assert.Single(item.Bytes.ToArray().Distinct());
                seen.Add(item.Bytes[0]);
            }

            item.Release();
        }

        Assert.Equal(Enumerable.Range(0, 50), seen);
        Assert.Equal(0, channel.Bytes);
    }

    [Fact]
    public void OverThreshold_LargeBuffer_IsRaisedAtHalfAMebibyte()
    {
        var raised = 0;
        var channel = Channel(items: 64, bytes: 16 << 20, () => raised++);

        Assert.True(channel.TryWrite(Item(TelemetryItemKind.OtlpRequest, 256 * 1024)));
        Assert.Equal((0, false), (raised, channel.IsOverThreshold));
        Assert.True(channel.TryWrite(Item(TelemetryItemKind.OtlpRequest, 256 * 1024)));
        Assert.Equal((1, true, false), (raised, channel.IsOverThreshold, channel.IsHalfUsed));
    }

    [Fact]
    public void OverThreshold_HalfUsed_IsRaisedOncePerCrossing()
    {
        var raised = 0;
        TelemetryChannel channel = null!;
        channel = Channel(items: 64, bytes: 1 << 20, () =>
        {
            raised++;
            Assert.True(channel.IsOverThreshold);
        });

        Write(31);
        Assert.Equal((0, false), (raised, channel.IsOverThreshold));
        Write(10);
        Assert.Equal((1, true), (raised, channel.IsOverThreshold));
        Read(20);
        Assert.Equal((1, false), (raised, channel.IsOverThreshold));
        Write(20);
        Assert.Equal(2, raised);
        Read(41);
        Assert.True(channel.TryWrite(Item(TelemetryItemKind.OtlpRequest, 512 * 1024)));
        Assert.Equal((3, true), (raised, channel.IsOverThreshold));

        void Write(int count)
        {
            for (var i = 0; i < count; i++)
                Assert.True(channel.TryWrite(Item(TelemetryItemKind.FunctionLog, 16)));
        }

        void Read(int count)
        {
            for (var i = 0; i < count; i++)
            {
                Assert.True(channel.TryRead(out var item));
                item.Release();
            }
        }
    }

    [Fact]
    public void TryWrite_AfterComplete_IsDroppedAsShutdown()
    {
        var channel = Channel(items: 64, bytes: 1 << 20);
        Assert.True(channel.TryWrite(Item(TelemetryItemKind.FunctionLog, 16)));
        Assert.True(channel.TryComplete());

        Assert.False(channel.TryWrite(Item(TelemetryItemKind.FunctionLog, 16)));

        Assert.Equal(1, _ledger[LedgerAccount.Logs].Dropped[(int)DropReason.Shutdown]);
        Assert.Equal(1, channel.Count);
        Assert.True(channel.TryRead(out var item));
        item.Release();
        Assert.False(channel.TryRead(out _));
        Assert.Equal((0, 0L), (channel.Count, channel.Bytes));
    }

    [Fact]
    public void TryPeekOldest_TwoItems_GivesTheFirstArrival()
    {
        var channel = Channel(items: 64, bytes: 1 << 20);
        Assert.False(channel.TryPeekOldest(out _));
        channel.TryWrite(Item(TelemetryItemKind.FunctionLog, 16) with { ReceivedUnixNano = 5 });
        channel.TryWrite(Item(TelemetryItemKind.FunctionLog, 16) with { ReceivedUnixNano = 9 });

        Assert.True(channel.TryPeekOldest(out var oldest));
        Assert.Equal(5, oldest);
    }

    private TelemetryChannel Channel(int items, int bytes, Action? onOverThreshold = null) => new(new(items, bytes), _ledger, onOverThreshold);

    private static TelemetryItem Item(TelemetryItemKind kind, int length, Signal signal = Signal.Traces, int records = 1) =>
        new(kind, signal, PooledBody.Rent(length), 0, length, 0, 0, records);

    private static TelemetryItem Slice(TelemetryItemKind kind, PooledBody body, int offset, int length)
    {
        body.AddReference();
        return new(kind, Signal.Logs, body, offset, length, 0, 0);
    }
}
