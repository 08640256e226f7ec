using System.Numerics;

namespace TelemetryExtension.Ingest.Http;

/// <summary>Limits the bytes of all requests in flight. Thread-safe and lock-free.</summary>
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

/// <summary>One request's part of a budget. Disposing returns all of it. Used by one request at a time.</summary>
internal sealed class ByteLease(ByteBudget budget) : IDisposable
{
    private long _held;

    /// <summary>The charge for a buffer of this size. The pool hands out powers of two. It gives a larger array at its exact length, so this is too much for that one.</summary>
    public static long CostOf(int size) => BitOperations.RoundUpToPowerOf2((uint)Math.Max(size, 16));

    /// <summary>
    /// Takes bytes. Returns Complete on success, OverBudget when others use too much now, and TooLarge when the request alone exceeds the limit.
    /// </summary>
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
