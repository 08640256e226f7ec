namespace TelemetryExtension.Buffering;

/// <summary>
/// Counts items and bytes in one word. A reservation takes both or neither, so another writer's failed attempt never causes a refusal. Thread-safe
/// without locks.
/// </summary>
/// <param name="thresholdBytes"><see cref="IsOverThreshold"/> from this many bytes on, or from half of the items on.</param>
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

    /// <summary>Takes one item and the bytes. Leaves an eighth of both free unless the caller may use the reserve.</summary>
    public Reservation TryTake(long bytes, bool mayUseReserve)
    {
        var itemLimit = mayUseReserve ? maxItems : maxItems - (maxItems / 8);
        var byteLimit = mayUseReserve ? maxBytes : maxBytes - (maxBytes / 8);
        var used = Volatile.Read(ref _used.Value);
        while (true)
        {
            // Only the first item of a body is charged. Later items cost nothing, so they may pass a full byte budget.
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

    /// <summary>Gives bytes back without their item: a refused item may be the last holder of its body.</summary>
    public void GiveBackBytes(long bytes) => Interlocked.Add(ref _used.Value, -bytes);

    private bool IsOver(long used) => (used >> BytesBits) >= (maxItems + 1) / 2 || (used & BytesMask) >= thresholdBytes;
}

internal enum Reservation : byte
{
    NoItems,
    NoBytes,
    Taken,

    /// <summary>Taken, and this reservation crossed the threshold.</summary>
    TakenOverThreshold,
}
