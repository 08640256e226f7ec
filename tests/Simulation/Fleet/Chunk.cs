using System.Buffers.Binary;

namespace Simulation.Fleet;

/// <summary>What one flush collected, as the eight bytes that stand for it in requests: they can be merged and taken apart like real ones.</summary>
internal readonly record struct Chunk(int Number, int Records)
{
    public const int Bytes = 8;

    public byte[] ToBytes()
    {
        var bytes = new byte[Bytes];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, Number);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), Records);
        return bytes;
    }

    public static Chunk Read(ReadOnlySpan<byte> body) => new(BinaryPrimitives.ReadInt32LittleEndian(body), BinaryPrimitives.ReadInt32LittleEndian(body[4..]));
}
