using System.Buffers;

namespace TelemetryExtension.Buffering;

/// <summary>
/// The bytes of one request, shared by every item that points into them: rented from the pool, or its own.
/// Starts with one reference (the creator's); the last <see cref="Release"/> gives rented bytes back.
/// </summary>
internal sealed class PooledBody
{
    private byte[]? _bytes;
    private int _references = 1;
    private int _buffered;

    private PooledBody(byte[] bytes, int length, bool isRented)
    {
        _bytes = bytes;
        IsRented = isRented;
        Length = length;
        Capacity = bytes.Length;
    }

    /// <summary>False: the bytes never come back to be changed, whoever still points at them.</summary>
    public bool IsRented { get; }

    /// <summary>The memory this holds: what the pool gave, which is up to twice of what was asked for.</summary>
    public int Capacity { get; }

    public int Length { get; private set; }

    public Memory<byte> Memory => (_bytes ?? throw new ObjectDisposedException(nameof(PooledBody))).AsMemory(0, Length);

    public Span<byte> Span => Memory.Span;

    public static PooledBody Rent(int length) => new(ArrayPool<byte>.Shared.Rent(length), length, isRented: true);

    /// <summary>For bytes that will outlive the channel as they are: exactly as many, and nobody has to copy them out of the pool.</summary>
    public static PooledBody Allocate(int length) => new(GC.AllocateUninitializedArray<byte>(length), length, isRented: false);

    /// <summary>Takes the first <paramref name="length"/> bytes as the content; no more than was rented.</summary>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
    }

    public void AddReference() => Interlocked.Increment(ref _references);

    /// <summary>One more item of this body is in the channel; true for the first, which is charged with the whole body.</summary>
    public bool Enter() => Interlocked.Increment(ref _buffered) == 1;

    /// <summary>One item less in the channel; true for the last, which gives back what the first was charged.</summary>
    public bool Leave() => Interlocked.Decrement(ref _buffered) == 0;

    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0 && Interlocked.Exchange(ref _bytes, null) is { } bytes && IsRented)
            ArrayPool<byte>.Shared.Return(bytes);
    }
}
