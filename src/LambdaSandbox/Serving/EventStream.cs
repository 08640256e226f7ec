using System.Buffers.Binary;
using System.Text;

namespace LambdaSandbox.Serving;

/// <summary>Frames of application/vnd.amazon.eventstream: lengths, headers, payload, and a CRC-32 of each part.</summary>
internal static class EventStream
{
    private const int PreludeBytes = 12;
    private const byte StringType = 7;
    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(Entry)];

    public static byte[] Encode(string eventType, string contentType, ReadOnlySpan<byte> payload)
    {
        byte[] headers = [.. Header(":message-type", "event"), .. Header(":event-type", eventType), .. Header(":content-type", contentType)];
        var frame = new byte[PreludeBytes + headers.Length + payload.Length + 4];
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), headers.Length);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(8), Crc(frame.AsSpan(0, 8)));
        headers.CopyTo(frame, PreludeBytes);
        payload.CopyTo(frame.AsSpan(PreludeBytes + headers.Length));
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(frame.Length - 4), Crc(frame.AsSpan(0, frame.Length - 4)));
        return frame;
    }

    private static byte[] Header(string name, string value)
    {
        var bytes = new byte[1 + name.Length + 3 + value.Length];
        bytes[0] = (byte)name.Length;
        Encoding.ASCII.GetBytes(name, bytes.AsSpan(1));
        bytes[1 + name.Length] = StringType;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2 + name.Length), (ushort)value.Length);
        Encoding.ASCII.GetBytes(value, bytes.AsSpan(4 + name.Length));
        return bytes;
    }

    private static uint Crc(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data)
            crc = Table[(crc ^ value) & 0xFF] ^ (crc >> 8);
        return ~crc;
    }

    private static uint Entry(int index)
    {
        var entry = (uint)index;
        for (var bit = 0; bit < 8; bit++)
            entry = (entry & 1) != 0 ? 0xEDB88320 ^ (entry >> 1) : entry >> 1;
        return entry;
    }
}
