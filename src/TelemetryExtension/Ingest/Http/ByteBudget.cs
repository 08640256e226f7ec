using System.Numerics;

namespace TelemetryExtension.Ingest.Http;

/// <summary>Bytes that requests in flight may hold together. Thread-safe, without locks.</summary>
internal sealed class ByteBudget(long limit)
{
    private long _used;

    public long Limit => limit;

    public long Used => Interlocked.Read(ref _used);

    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _used, bytes) <= limit)
            return true;
        Return(bytes);
        return false;
    }

    public void Return(long bytes) => Interlocked.Add(ref _used, -bytes);
}

/// <summary>What one request holds of a budget; disposing gives all of it back. Used by one request at a time.</summary>
internal sealed class ByteLease(ByteBudget budget) : IDisposable
{
    private long _held;

    /// <summary>What a buffer of this size is charged: the shared pool gives powers of two.</summary>
    public static long CostOf(int size) => BitOperations.RoundUpToPowerOf2((uint)Math.Max(size, 16));

    /// <summary>Complete when taken; OverBudget when others hold too much now; TooLarge when the request alone needs more than there is.</summary>
    public BodyStatus Take(long bytes) =>
        TryTake(bytes) ? BodyStatus.Complete : _held + bytes <= budget.Limit ? BodyStatus.OverBudget : BodyStatus.TooLarge;

    private bool TryTake(long bytes)
    {
        if (!budget.TryTake(bytes))
            return false;
        _held += bytes;
        return true;
    }

    public void Return(long bytes)
    {
        _held -= bytes;
        budget.Return(bytes);
    }

    public void Dispose()
    {
        budget.Return(_held);
        _held = 0;
    }
}
