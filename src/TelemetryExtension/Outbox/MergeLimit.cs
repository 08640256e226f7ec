namespace TelemetryExtension.Outbox;

/// <summary>The size up to which payloads are merged for a destination that answered "too large". Guarded by the outbox's lock.</summary>
internal sealed class MergeLimit
{
    /// <summary>The lower limit, so that one odd answer does not turn every payload into a request of its own for good.</summary>
    public const int MinBytes = 4096;

    /// <summary>After this many accepted requests near the limit the limit doubles, because backends raise limits and proxies are replaced.</summary>
    private const int FittingBeforeMore = 1000;

    private int _fitting;

    public int Bytes { get; private set; } = int.MaxValue;

    /// <summary>Records that a request of this size was too large. Later merges stay below half of it, the size of its halves.</summary>
    public void TooLarge(int bytes) => (Bytes, _fitting) = (Math.Min(Bytes, Math.Max(MinBytes, bytes / 2)), 0);

    /// <summary>Records that a request of this size was accepted.</summary>
    public void Fitted(int bytes)
    {
        if (bytes < Bytes / 2 || ++_fitting < FittingBeforeMore)
            return;
        (Bytes, _fitting) = (Bytes > int.MaxValue / 2 ? int.MaxValue : Bytes * 2, 0);
    }
}
