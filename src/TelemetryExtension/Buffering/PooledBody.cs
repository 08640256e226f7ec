namespace TelemetryExtension.Buffering;

/// <summary>
/// The bytes of one request, shared by every item that points into them: rented from the pool or allocated. It starts with one reference, the
/// creator's. The last <see cref="Release"/> returns rented bytes to the pool.
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

    /// <summary>False for allocated bytes: nothing overwrites them later, even if someone still points at them.</summary>
    public bool IsRented { get; }

    /// <summary>The memory this uses. The pool may give up to twice the requested size.</summary>
    public int Capacity { get; }

    public int Length { get; private set; }

    public Memory<byte> Memory => (_bytes ?? throw new ObjectDisposedException(nameof(PooledBody))).AsMemory(0, Length);

    public Span<byte> Span => Memory.Span;

    public static PooledBody Rent(int length) => new(BodyPool.Rent(length), length, isRented: true);

    /// <summary>For bytes that outlive the channel unchanged: exactly this many, so nobody has to copy them out of the pool.</summary>
    public static PooledBody Allocate(int length) => new(GC.AllocateUninitializedArray<byte>(length), length, isRented: false);

    /// <summary>Keeps only the first <paramref name="length"/> bytes as the content.</summary>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
    }

    public void AddReference() => Interlocked.Increment(ref _references);

    /// <summary>Counts one more item of this body in the channel. True for the first, which is charged for the whole body.</summary>
    public bool Enter() => Interlocked.Increment(ref _buffered) == 1;

    /// <summary>Counts one item less in the channel. True for the last, which gives the charge back.</summary>
    public bool Leave() => Interlocked.Decrement(ref _buffered) == 0;

    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0 && Interlocked.Exchange(ref _bytes, null) is { } bytes && IsRented)
            BodyPool.Return(bytes);
    }
}
