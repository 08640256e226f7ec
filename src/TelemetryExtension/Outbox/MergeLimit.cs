namespace TelemetryExtension.Outbox;

/// <summary>Up to which size payloads are merged for a destination that said "too large". Guarded by the outbox's lock.</summary>
internal sealed class MergeLimit
{
    /// <summary>One odd answer must not turn every payload into a request of its own for good.</summary>
    public const int MinBytes = 4096;

    /// <summary>After so many requests of about the size that fits, one of twice the size is tried: limits are raised, and proxies replaced.</summary>
    private const int FittingBeforeMore = 1000;

    private int _fitting;

    public int Bytes { get; private set; } = int.MaxValue;

    /// <summary>A request of this size was too large: later merges stay below half of it, which is what its halves are tried with.</summary>
    public void TooLarge(int bytes) => (Bytes, _fitting) = (Math.Min(Bytes, Math.Max(MinBytes, bytes / 2)), 0);

    /// <summary>A request of this size was taken.</summary>
    public void Fitted(int bytes)
    {
        if (bytes < Bytes / 2 || ++_fitting < FittingBeforeMore)
            return;
        (Bytes, _fitting) = (Bytes > int.MaxValue / 2 ? int.MaxValue : Bytes * 2, 0);
    }
}
