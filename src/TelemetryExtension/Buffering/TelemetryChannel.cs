using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics.Accounting;

namespace TelemetryExtension.Buffering;

/// <summary>
/// Everything that arrives waits here for the flush: a lock-free ring with a budget in items and in bytes, one reader. A writer never
/// waits; what does not fit is refused (<see cref="ITelemetrySink.TryWrite"/>), and its bytes go back to the pool.
/// <para>
/// What an item costs: a slice keeps its whole body from going back to the pool, so bytes are counted by body, at the size the pool
/// gave: the first item of a body is charged with all of it, the last one to leave gives it back. A body of
/// many lines is paid once, and one short line out of a large body costs what it really holds.
/// All items of one body must be written by one thread.
/// </para>
/// <para>
/// An eighth of the items and of the bytes is kept for platform events, without which no invocation has an end: a flood of logs or OTLP
/// cannot crowd out runtimeDone. An event that only fits there is copied out of its body, so that the reserve is
/// spent on events and not on the log lines around them.
/// </para>
/// </summary>
/// <param name="onOverThreshold">
/// Called by the writer whose item crosses <see cref="BufferOptions.ThresholdBytes"/> or half of the items, after a reader can see that item.
/// It must be cheap and must not throw.
/// </param>
internal sealed class TelemetryChannel(BufferOptions options, Ledger ledger, Action? onOverThreshold = null) : ITelemetrySink
{
    /// <summary>The body's own object and its array's header, roughly.</summary>
    private const int BodyOverhead = 64;

    private readonly LockFreeChannel<TelemetryItem> _ring = new(options.Items);
    private readonly ChannelBudget _budget = new(options.Items, options.Bytes, options.ThresholdBytes);

    public int Count => _budget.Items;

    /// <summary>Memory held by the bodies of waiting items.</summary>
    public long Bytes => _budget.Bytes;

    public bool IsOverThreshold => _budget.IsOverThreshold;

    /// <summary>At least half of the items or of the bytes are in use.</summary>
    public bool IsHalfUsed => _budget.IsHalfUsed;

    /// <summary>Whether a request of this size would be let in now (not platform events): lets a receiver refuse before reading.</summary>
    public bool HasRoomFor(long bytes) => _budget.Items < options.Items - (options.Items / 8)
        && _budget.Bytes + bytes + BodyOverhead <= options.Bytes - (options.Bytes / 8);

    /// <summary>The largest body that finds room in an empty channel.</summary>
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

    /// <summary>The oldest item; it is the caller's to release. One reader at a time.</summary>
    public bool TryRead(out TelemetryItem item)
    {
        if (!_ring.TryRead(out item))
            return false;
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

    /// <summary>From here on every write is refused and counted; what is inside can still be read.</summary>
    public bool TryComplete() => _ring.Writer.TryComplete();

    internal static LedgerAccount AccountOf(in TelemetryItem item) => item.Kind switch
    {
        TelemetryItemKind.PlatformEvent => LedgerAccount.Events,
        TelemetryItemKind.OtlpRequest => (LedgerAccount)item.Signal,
        _ => LedgerAccount.Logs,
    };

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
        // The budget never lets in more than the ring has slots, and gives a slot back only after the ring has freed it:
        // so the ring can refuse only because it is completed.
        if (!_ring.TryWrite(in item))
        {
            _budget.GiveBack(item.Body.Leave() ? CostOf(item.Body) : 0);
            return Drop(in item, DropReason.Shutdown, account);
        }

        if (reservation == Reservation.TakenOverThreshold)
            onOverThreshold?.Invoke();
        return true;
    }

    private bool Refuse(in TelemetryItem item, bool entered, Reservation reservation, LedgerAccount account)
    {
        // The reader may have taken this body's other items since: then what the first of them was charged is ours to give back.
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
