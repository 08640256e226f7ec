using System.Numerics;

namespace TelemetryExtension.Buffering;

/// <summary>
/// Arrays for request bodies. It keeps at most four of each size, 4 MiB in all. The shared pool keeps what was ever rented at once in each size: bodies that
/// grow filled the heap with free arrays. A pool of <see cref="System.Buffers.ArrayPool{T}.Create()"/> may give twice the size, which budgets do not expect.
/// Thread-safe and lock-free.
/// </summary>
internal static class BodyPool
{
    private const int SmallestBits = 4;
    private const int LargestBits = 19;
    private const int Kept = 4;

    private static readonly byte[]?[] Free = new byte[]?[(LargestBits - SmallestBits + 1) * Kept];

    /// <summary>The size is the next power of two, from 16 bytes to 512 KiB. A larger array has exactly the length, and is never kept.</summary>
    public static byte[] Rent(int length)
    {
        if (length == 0)
            return [];
        if (length > 1 << LargestBits)
            return GC.AllocateUninitializedArray<byte>(length);
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(length, 1 << SmallestBits));
        foreach (ref var slot in SlotsOf(size))
            if (Interlocked.Exchange(ref slot, null) is { } array)
                return array;
        return GC.AllocateUninitializedArray<byte>(size);
    }

    /// <summary>Takes back an array of <see cref="Rent"/>, once. Nobody may use it afterwards.</summary>
    public static void Return(byte[] array)
    {
        if (array.Length is 0 or > (1 << LargestBits))
            return;
        foreach (ref var slot in SlotsOf(array.Length))
            if (Interlocked.CompareExchange(ref slot, array, null) is null)
                return;
    }

    private static Span<byte[]?> SlotsOf(int size) => Free.AsSpan((BitOperations.Log2((uint)size) - SmallestBits) * Kept, Kept);
}
