using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace TelemetryExtension.Otlp;

/// <summary>Wire types of the protobuf encoding. Groups (3 and 4) do not occur in OTLP and are refused.</summary>
internal enum WireType : byte
{
    Varint = 0,
    Fixed64 = 1,
    LengthDelimited = 2,
    Fixed32 = 5,
}

/// <summary>
/// Walks one protobuf message field by field without allocating. Broken input is a value: the Try methods return false, and <see cref="Malformed"/>
/// tells an error from the end.
/// </summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message)
{
    private const int KnownTypes = (1 << (int)WireType.Varint) | (1 << (int)WireType.Fixed64) | (1 << (int)WireType.LengthDelimited) | (1 << (int)WireType.Fixed32);

    private readonly ReadOnlySpan<byte> _message = message;

    public int Position { get; private set; }

    /// <summary>True after the first read error. Nothing can be read afterwards.</summary>
    public bool Malformed { get; private set; }

    /// <summary>Moves to the next field. False at the end or after an error.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryReadTag(out int field, out WireType type)
    {
        field = 0;
        type = default;
        if (Malformed || Position >= _message.Length)
            return false;
        if (!TryReadVarint(out var tag) || tag > uint.MaxValue)
            return Fail();
        field = (int)(tag >> 3);
        type = (WireType)(tag & 7);
        return (field > 0 && ((KnownTypes >> (int)type) & 1) != 0) || Fail();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryReadVarint(out ulong value)
    {
        // Most tags and lengths are one byte.
        if (Position < _message.Length && _message[Position] < 0x80 && !Malformed)
        {
            value = _message[Position++];
            return true;
        }

        return TryReadLongVarint(out value);
    }

    private bool TryReadLongVarint(out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (Malformed || Position >= _message.Length)
                return Fail();
            var b = _message[Position++];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80)
                return true;
        }

        return Fail();
    }

    public bool TryReadFixed64(out ulong value)
    {
        value = 0;
        if (!TryTake(8, out var bytes))
            return false;
        value = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return true;
    }

    public bool TryReadBytes(out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        return TryReadVarint(out var length) && (length <= int.MaxValue ? TryTake((int)length, out bytes) : Fail());
    }

    /// <summary>Skips the value of a field that the caller does not need.</summary>
    public bool TrySkip(WireType type) => type switch
    {
        WireType.Varint => TryReadVarint(out _),
        WireType.Fixed64 => TryTake(8, out _),
        WireType.Fixed32 => TryTake(4, out _),
        WireType.LengthDelimited => TryReadBytes(out _),
        _ => Fail(),
    };

    /// <summary>Moves to the next length-delimited field of this number. False when there is none any more.</summary>
    public bool TryFind(int wanted, out ReadOnlySpan<byte> value)
    {
        value = default;
        while (TryReadTag(out var field, out var type))
        {
            if (field == wanted && type == WireType.LengthDelimited)
                return TryReadBytes(out value);
            TrySkip(type);
        }

        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryTake(int length, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (Malformed || length > _message.Length - Position)
            return Fail();
        bytes = _message.Slice(Position, length);
        Position += length;
        return true;
    }

    private bool Fail()
    {
        Malformed = true;
        return false;
    }
}
