using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace TelemetryExtension.Otlp;

/// <summary>
/// Writes protobuf into one growing pooled buffer. Nested messages are opened and closed; their length is filled in afterwards
/// as a four-byte varint (padded, which every parser takes), so nothing is measured twice and nothing is moved.
/// Not thread-safe; <see cref="Dispose"/> gives the buffer back.
/// </summary>
internal sealed class OtlpWriter(int capacity = 16 * 1024) : IDisposable
{
    private const int LengthBytes = 4;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(capacity);

    public int Position { get; private set; }

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Position);

    public byte[] ToArray() => Written.ToArray();

    public void Clear() => Position = 0;

    /// <summary>Takes back everything written since <paramref name="position"/>.</summary>
    public void Rewind(int position) => Position = position;

    /// <summary>Opens a length-delimited field (a nested message); returns the mark that <see cref="Close"/> takes.</summary>
    public int Open(int field)
    {
        Tag(field, WireType.LengthDelimited);
        Ensure(LengthBytes);
        Position += LengthBytes;
        return Position;
    }

    /// <summary>Closes the message opened at <paramref name="mark"/>; at most 256 MiB.</summary>
    public void Close(int mark)
    {
        var length = (uint)(Position - mark);
        var at = _buffer.AsSpan(mark - LengthBytes);
        at[3] = (byte)((length >> 21) & 0x7f);
        at[2] = (byte)(((length >> 14) & 0x7f) | 0x80);
        at[1] = (byte)(((length >> 7) & 0x7f) | 0x80);
        at[0] = (byte)((length & 0x7f) | 0x80);
    }

    public void Varint(int field, ulong value)
    {
        Tag(field, WireType.Varint);
        RawVarint(value);
    }

    public void Bool(int field, bool value) => Varint(field, value ? 1UL : 0UL);

    public void Fixed64(int field, ulong value)
    {
        Tag(field, WireType.Fixed64);
        Ensure(8);
        BinaryPrimitives.WriteUInt64LittleEndian(_buffer.AsSpan(Position), value);
        Position += 8;
    }

    public void Fixed32(int field, uint value)
    {
        Tag(field, WireType.Fixed32);
        Ensure(4);
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(Position), value);
        Position += 4;
    }

    public void Double(int field, double value) => Fixed64(field, BitConverter.DoubleToUInt64Bits(value));

    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        Tag(field, WireType.LengthDelimited);
        RawVarint((ulong)value.Length);
        Raw(value);
    }

    public void String(int field, ReadOnlySpan<char> value)
    {
        Tag(field, WireType.LengthDelimited);
        var length = Encoding.UTF8.GetByteCount(value);
        RawVarint((ulong)length);
        Ensure(length);
        Position += Encoding.UTF8.GetBytes(value, _buffer.AsSpan(Position));
    }

    /// <summary>Appends bytes as they are: an already encoded field or message.</summary>
    public void Raw(ReadOnlySpan<byte> bytes)
    {
        Ensure(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(Position));
        Position += bytes.Length;
    }

    /// <summary>Free space to write into directly; follow with <see cref="Advance"/>.</summary>
    public Span<byte> GetSpan(int size)
    {
        Ensure(size);
        return _buffer.AsSpan(Position);
    }

    public void Advance(int count) => Position += count;

    public void RawVarint(ulong value)
    {
        Ensure(10);
        while (value >= 0x80)
        {
            _buffer[Position++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _buffer[Position++] = (byte)value;
    }

    public void Tag(int field, WireType type) => RawVarint(((ulong)field << 3) | (ulong)type);

    public void Dispose()
    {
        var buffer = Interlocked.Exchange(ref _buffer, []);
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
        Position = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Ensure(int more)
    {
        if (_buffer.Length - Position < more)
            Grow(more);
    }

    private void Grow(int more)
    {
        var bigger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, Position + more));
        Written.CopyTo(bigger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = bigger;
    }
}
