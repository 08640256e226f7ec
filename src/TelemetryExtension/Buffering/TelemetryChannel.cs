using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Buffering;

/// <summary>
/// Holds everything that arrives until the flush: a lock-free ring with one reader and a budget in items and in bytes. A writer never waits. An item
/// that does not fit is refused (<see cref="ITelemetrySink.TryWrite"/>), and its bytes go back to the pool.
/// <para>
/// A slice keeps its whole body out of the pool, so the budget counts bytes per body, at the size that the pool gave. The first item of a body is
/// charged for all of it, and the last one to leave gives the charge back. So a body of many lines is charged once, and one short line of a large
/// body is charged for the memory that it holds. One thread must write all items of a body.
/// </para>
/// <para>
/// An eighth of the items and of the bytes is reserved for platform events, because no invocation can be completed without them. So a flood of logs
/// or OTLP cannot crowd out runtimeDone. An event that fits only into the reserve is copied out of its body, so that the reserve holds events and not
/// the log lines around them.
/// </para>
/// </summary>
/// <param name="onOverThreshold">
/// Called by the writer whose item crosses <see cref="BufferOptions.ThresholdBytes"/> or half of the items, after a reader can see that item.
/// It must be cheap and must not throw.
/// </param>
internal sealed class TelemetryChannel(BufferOptions options, Ledger ledger, Action? onOverThreshold = null) : ITelemetrySink
{
    /// <summary>An estimate of the body object and its array header.</summary>
    private const int BodyOverhead = 64;

    private readonly LockFreeChannel<TelemetryItem> _ring = new(options.Items);
    private readonly ChannelBudget _budget = new(options.Items, options.Bytes, options.ThresholdBytes);
    private int _traces;

    public int Count => _budget.Items;

    /// <summary>The requests with spans among them. It may count one too many while a writer is at work.</summary>
    public int Traces => Volatile.Read(ref _traces);

    /// <summary>The memory of all bodies with waiting items.</summary>
    public long Bytes => _budget.Bytes;

    public bool IsOverThreshold => _budget.IsOverThreshold;

    /// <summary>True when at least half of the items or of the bytes are in use.</summary>
    public bool IsHalfUsed => _budget.IsHalfUsed;

    /// <summary>Whether a request of this size would fit now. Lets a receiver refuse before it reads. Not for platform events.</summary>
    public bool HasRoomFor(long bytes) => _budget.Items < options.Items - (options.Items / 8)
        && _budget.Bytes + bytes + BodyOverhead <= options.Bytes - (options.Bytes / 8);

    /// <summary>The largest body that fits into an empty channel.</summary>
    public long LargestBody => options.Bytes - (options.Bytes / 8) - BodyOverhead;

    /// <inheritdoc/>
    public bool TryWrite(in TelemetryItem item)
    {
        var account = AccountOf(in item);
        ledger.Received(account, item.Records);

        var entered = item.Body.Enter();
        var reservation = _budget.TryTake(entered ? CostOf(item.Body) : 0, mayUseReserve: false);
        if (reservation >= Reservation.Taken)
            return Write(in item, reservation, account);
        if (item.Kind != TelemetryItemKind.PlatformEvent)
            return Refuse(in item, entered, reservation, account);

        if (entered && item.Length + BodyOverhead < item.Body.Capacity / 2)
        {
            item.Body.Leave();
            TelemetryItem copy;
            try
            {
                copy = Copy(in item);
            }
            catch (OutOfMemoryException)
            {
                return Drop(in item, DropReason.BufferBytes, account);
            }

            copy.Body.Enter();
            return TryWriteToReserve(in copy, true, account);
        }

        return TryWriteToReserve(in item, entered, account);
    }

    /// <summary>Takes the oldest item, which the caller must release. One reader at a time.</summary>
    public bool TryRead(out TelemetryItem item)
    {
        if (!_ring.TryRead(out item))
            return false;
        if (IsTraces(in item))
            Interlocked.Decrement(ref _traces);
        _budget.GiveBack(item.Body.Leave() ? CostOf(item.Body) : 0);
        return true;
    }

    /// <summary>When the oldest waiting item arrived (Unix epoch, ns). For the reader only.</summary>
    public bool TryPeekOldest(out long receivedUnixNano)
    {
        var any = _ring.TryPeek(out var item);
        receivedUnixNano = item.ReceivedUnixNano;
        return any;
    }

    /// <summary>Looks at a waiting item, which stays in the channel and must not be released. For the reader only.</summary>
    /// <param name="ahead">How many items come before it.</param>
    public bool TryPeek(int ahead, out TelemetryItem item) => _ring.TryPeek(out item, ahead);

    /// <summary>Refuses and counts every later write. The reader can still take what is inside.</summary>
    public bool TryComplete() => _ring.Writer.TryComplete();

    internal static LedgerAccount AccountOf(in TelemetryItem item) => item.Kind switch
    {
        TelemetryItemKind.PlatformEvent => LedgerAccount.Events,
        TelemetryItemKind.OtlpRequest => (LedgerAccount)item.Signal,
        _ => LedgerAccount.Logs,
    };

    private static bool IsTraces(in TelemetryItem item) => item.Kind == TelemetryItemKind.OtlpRequest && item.Signal == Signal.Traces;

    private static long CostOf(PooledBody body) => body.Capacity + BodyOverhead;

    private static TelemetryItem Copy(in TelemetryItem item)
    {
        var body = PooledBody.Rent(item.Length);
        item.Bytes.CopyTo(body.Span);
        item.Release();
        return item with { Body = body, Offset = 0 };
    }

    private bool TryWriteToReserve(in TelemetryItem item, bool entered, LedgerAccount account)
    {
        var reservation = _budget.TryTake(entered ? CostOf(item.Body) : 0, mayUseReserve: true);
        return reservation >= Reservation.Taken
            ? Write(in item, reservation, account)
            : Refuse(in item, entered, reservation, account);
    }

    private bool Write(in TelemetryItem item, Reservation reservation, LedgerAccount account)
    {
        // The budget never admits more items than the ring has slots, and frees a slot only after the ring has freed it. So the ring refuses only
        // after completion.
        var traces = IsTraces(in item);
        if (traces)
            Interlocked.Increment(ref _traces);
        if (!_ring.TryWrite(in item))
        {
            if (traces)
                Interlocked.Decrement(ref _traces);
            _budget.GiveBack(item.Body.Leave() ? CostOf(item.Body) : 0);
            return Drop(in item, DropReason.Shutdown, account);
        }

        if (reservation == Reservation.TakenOverThreshold)
            onOverThreshold?.Invoke();
        return true;
    }

    private bool Refuse(in TelemetryItem item, bool entered, Reservation reservation, LedgerAccount account)
    {
        // The reader may have taken the other items of this body meanwhile. This item is then the last one, and returns what the first was charged.
        if (item.Body.Leave() && !entered)
            _budget.GiveBackBytes(CostOf(item.Body));
        return Drop(in item, reservation == Reservation.NoBytes ? DropReason.BufferBytes : DropReason.BufferItems, account);
    }

    private bool Drop(in TelemetryItem item, DropReason reason, LedgerAccount account)
    {
        if (item.Kind == TelemetryItemKind.OtlpRequest)
            ledger.Received(account, -item.Records);
        else
            ledger.Dropped(account, reason, item.Records);
        item.Release();
        return false;
    }
}
