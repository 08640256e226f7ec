using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;

namespace TelemetryExtension.Otlp;

/// <summary>
/// Writes protobuf into one growing pooled buffer. Opening a nested message reserves space for its length. If the reserve was wrong, which is rare,
/// closing moves the message by a byte or two, so that every length is minimal. Not thread-safe. <see cref="Dispose"/> returns the buffer.
/// </summary>
internal sealed class OtlpWriter(int capacity = 16 * 1024) : IDisposable
{
    // A mark holds the start of the message in its low bits, and the number of reserved length bytes above them.
    private const int MarkBits = 28;
    private const int MaxPosition = (1 << MarkBits) - 1;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(capacity);
    private int _position;

    public int Position => _position;

    /// <summary>The memory that this uses.</summary>
    public int Capacity => _buffer.Length;

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _position);

    public byte[] ToArray() => Written.ToArray();

    public void Clear() => _position = 0;

    /// <summary>Discards everything written since <paramref name="position"/>.</summary>
    public void Rewind(int position) => _position = position;

    /// <summary>Discards the first bytes and moves the rest to the front. No message may be open.</summary>
    public void DropFirst(int count)
    {
        Written[count..].CopyTo(_buffer);
        _position -= count;
    }

    /// <summary>
    /// Replaces the buffer of an empty writer by a small one when it is larger than the limit. The pool does not get the large buffer, because it
    /// would keep it.
    /// </summary>
    public void Trim(int limit)
    {
        if (_position == 0 && _buffer.Length > limit)
            _buffer = ArrayPool<byte>.Shared.Rent(capacity);
    }

    /// <summary>Opens a length-delimited field (a nested message) and returns a mark for <see cref="Close"/>. Marks close in reverse order.</summary>
    /// <param name="expected">The approximate length. A good guess moves fewer bytes.</param>
    public int Open(int field, int expected = 0)
    {
        Tag(field, WireType.LengthDelimited);
        var lengthBytes = VarintLength((uint)expected);
        Ensure(lengthBytes);
        _position += lengthBytes;
        return _position | (lengthBytes << MarkBits);
    }

    /// <summary>Closes the message opened at <paramref name="mark"/>.</summary>
    public void Close(int mark)
    {
        var start = mark & MaxPosition;
        var reserved = mark >>> MarkBits;
        var length = (uint)(_position - start);
        if (length < 0x80 && reserved == 1)
        {
            _buffer[start - 1] = (byte)length;
            return;
        }

        var needed = VarintLength(length);
        if (needed != reserved)
        {
            Ensure(needed);
            var moved = start - reserved + needed;
            _buffer.AsSpan(start, (int)length).CopyTo(_buffer.AsSpan(moved));
            _position = moved + (int)length;
        }

        var at = start - reserved;
        for (; length >= 0x80; length >>= 7)
            _buffer[at++] = (byte)(length | 0x80);
        _buffer[at] = (byte)length;
    }

    /// <summary>The content of the message opened at <paramref name="mark"/> so far.</summary>
    public ReadOnlySpan<byte> Inside(int mark) => _buffer.AsSpan((mark & MaxPosition).._position);

    public void Varint(int field, ulong value)
    {
        Tag(field, WireType.Varint);
        RawVarint(value);
    }

    public void Bool(int field, bool value) => Varint(field, value ? 1UL : 0UL);

    public void Fixed64(int field, ulong value)
    {
        Tag(field, WireType.Fixed64);
        RawFixed64(value);
    }

    public void RawFixed64(ulong value)
    {
        Ensure(8);
        BinaryPrimitives.WriteUInt64LittleEndian(_buffer.AsSpan(_position), value);
        _position += 8;
    }

    public void Fixed32(int field, uint value)
    {
        Tag(field, WireType.Fixed32);
        Ensure(4);
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(_position), value);
        _position += 4;
    }

    public void Double(int field, double value) => Fixed64(field, BitConverter.DoubleToUInt64Bits(value));

    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        // Most fields are short, and this is the most frequent call.
        if (value.Length < 0x80 && field < 16)
        {
            Ensure(value.Length + 2);
            var to = _buffer.AsSpan(_position, value.Length + 2);
            to[0] = (byte)((field << 3) | (int)WireType.LengthDelimited);
            to[1] = (byte)value.Length;
            value.CopyTo(to[2..]);
            _position += to.Length;
            return;
        }

        Tag(field, WireType.LengthDelimited);
        RawVarint((ulong)value.Length);
        Raw(value);
    }

    /// <summary>A lone surrogate becomes U+FFFD: receivers refuse a whole request for one string that is not valid UTF-8.</summary>
    public void String(int field, ReadOnlySpan<char> value)
    {
        Tag(field, WireType.LengthDelimited);
        var length = Encoding.UTF8.GetByteCount(value);
        RawVarint((ulong)length);
        Ensure(length);
        _position += Encoding.UTF8.GetBytes(value, _buffer.AsSpan(_position));
    }

    /// <summary>Appends an already encoded field or message unchanged.</summary>
    public void Raw(ReadOnlySpan<byte> bytes)
    {
        Ensure(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_position));
        _position += bytes.Length;
    }

    /// <summary>Free space to write into directly, followed by <see cref="Advance"/>.</summary>
    public Span<byte> GetSpan(int size)
    {
        Ensure(size);
        return _buffer.AsSpan(_position);
    }

    public void Advance(int count) => _position += count;

    public void RawVarint(ulong value)
    {
        Ensure(10);
        while (value >= 0x80)
        {
            _buffer[_position++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _buffer[_position++] = (byte)value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Tag(int field, WireType type)
    {
        if (field < 16)
        {
            Ensure(1);
            _buffer[_position++] = (byte)((field << 3) | (int)type);
            return;
        }

        RawVarint(((ulong)field << 3) | (ulong)type);
    }

    /// <summary>The number of bytes of the value as a varint.</summary>
    public static int VarintLength(uint value) => ((BitOperations.Log2(value | 1) * 9) + 73) >> 6;

    public void Dispose()
    {
        var buffer = Interlocked.Exchange(ref _buffer, []);
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
        _position = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Ensure(int more)
    {
        if (_buffer.Length - _position < more)
            Grow(more);
    }

    private void Grow(int more)
    {
        var needed = (long)_position + more;
        if (needed > MaxPosition)
            throw new InvalidOperationException("An OTLP message must not exceed 256 MiB.");
        var bigger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max(_buffer.Length * 2L, needed), MaxPosition));
        Written.CopyTo(bigger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = bigger;
    }
}
