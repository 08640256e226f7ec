namespace TelemetryExtension.Buffering;

/// <summary>
/// Counts items and bytes together, in one word: a reservation takes both or neither, and is never refused because of somebody
/// else's failed one. Thread-safe, without locks.
/// </summary>
/// <param name="thresholdBytes">From here on <see cref="IsOverThreshold"/>; so it is, too, from half of the items on.</param>
internal sealed class ChannelBudget(int maxItems, int maxBytes, int thresholdBytes)
{
    private const int BytesBits = 40;
    private const long BytesMask = (1L << BytesBits) - 1;
    private const long OneItem = 1L << BytesBits;

    private CacheLine _used;

    public int Items => (int)(Volatile.Read(ref _used.Value) >> BytesBits);

    public long Bytes => Volatile.Read(ref _used.Value) & BytesMask;

    public bool IsHalfUsed => Items >= (maxItems + 1) / 2 || Bytes >= (maxBytes + 1) / 2;

    public bool IsOverThreshold => IsOver(Volatile.Read(ref _used.Value));

    /// <summary>Takes one item and the bytes, leaving free at least an eighth of both unless the reserve may be used.</summary>
    public Reservation TryTake(long bytes, bool mayUseReserve)
    {
        var itemLimit = mayUseReserve ? maxItems : maxItems - (maxItems / 8);
        var byteLimit = mayUseReserve ? maxBytes : maxBytes - (maxBytes / 8);
        var used = Volatile.Read(ref _used.Value);
        while (true)
        {
            // Nothing is charged for the second item of a body, so that it may pass a full byte budget.
            if (bytes > 0 && (used & BytesMask) + bytes > byteLimit)
                return Reservation.NoBytes;
            if ((used >> BytesBits) >= itemLimit)
                return Reservation.NoItems;
            var next = used + OneItem + bytes;
            var seen = Interlocked.CompareExchange(ref _used.Value, next, used);
            if (seen == used)
                return IsOver(next) && !IsOver(used) ? Reservation.TakenOverThreshold : Reservation.Taken;
            used = seen;
        }
    }

    public void GiveBack(long bytes) => Interlocked.Add(ref _used.Value, -OneItem - bytes);

    /// <summary>Bytes without their item: what a refused item finds itself to be the last holder of.</summary>
    public void GiveBackBytes(long bytes) => Interlocked.Add(ref _used.Value, -bytes);

    private bool IsOver(long used) => (used >> BytesBits) >= (maxItems + 1) / 2 || (used & BytesMask) >= thresholdBytes;
}

internal enum Reservation : byte
{
    NoItems,
    NoBytes,
    Taken,

    /// <summary>Taken, and it was this one that crossed the threshold.</summary>
    TakenOverThreshold,
}
