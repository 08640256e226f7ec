using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace TelemetryExtension.Export;

internal readonly record struct SpoolContent(OtlpPayload Payload, IReadOnlyList<string> Pending, int FileBytes);

/// <summary>
/// One payload as a file, little endian: magic, CRC-32C of all that follows, signal, records, created (Unix ms), batch id and pending destinations
/// (each with its length), body length, body.
/// </summary>
internal static class SpoolFormat
{
    private const uint Magic = 0x31505354; // "TSP1"
    private const int Header = 8;

    public static byte[] Encode(OtlpPayload payload, IReadOnlyList<string> pending)
    {
        var names = Encoding.UTF8.GetBytes(string.Join('\n', pending));
        var id = Encoding.UTF8.GetBytes(payload.BatchId);
        var file = new byte[Header + 1 + 4 + 8 + 2 + id.Length + 2 + names.Length + 4 + payload.Body.Length];
        var rest = file.AsSpan(Header);
        rest[0] = (byte)payload.Signal;
        BinaryPrimitives.WriteInt32LittleEndian(rest[1..], payload.Records);
        BinaryPrimitives.WriteInt64LittleEndian(rest[5..], payload.Created.ToUnixTimeMilliseconds());
        rest = Put(Put(rest[13..], id), names);
        BinaryPrimitives.WriteInt32LittleEndian(rest, payload.Body.Length);
        payload.Body.Span.CopyTo(rest[4..]);
        BinaryPrimitives.WriteUInt32LittleEndian(file, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(4), Checksum(file.AsSpan(Header)));
        return file;
    }

    public static bool TryDecode(byte[] file, out SpoolContent content)
    {
        content = default;
        var span = file.AsSpan();
        if (span.Length < Header + 21 || BinaryPrimitives.ReadUInt32LittleEndian(span) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(span[4..]) != Checksum(span[Header..]) || span[Header] > (byte)Signal.Logs)
            return false;
        var signal = (Signal)span[Header];
        var records = BinaryPrimitives.ReadInt32LittleEndian(span[(Header + 1)..]);
        var created = BinaryPrimitives.ReadInt64LittleEndian(span[(Header + 5)..]);
        var at = Header + 13;
        if (!TryText(span, ref at, out var id) || !TryText(span, ref at, out var names) || span.Length - at < 4
            || BinaryPrimitives.ReadInt32LittleEndian(span[at..]) != span.Length - at - 4)
            return false;
        content = new(
            new(signal, file.AsMemory(at + 4), records, DateTimeOffset.FromUnixTimeMilliseconds(created)) { BatchId = id },
            names.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            file.Length);
        return true;
    }

    private static Span<byte> Put(Span<byte> at, byte[] text)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(at, (ushort)text.Length);
        text.CopyTo(at[2..]);
        return at[(2 + text.Length)..];
    }

    private static bool TryText(ReadOnlySpan<byte> span, ref int at, out string text)
    {
        text = "";
        if (span.Length - at < 2)
            return false;
        var length = BinaryPrimitives.ReadUInt16LittleEndian(span[at..]);
        at += 2;
        if (span.Length - at < length)
            return false;
        text = Encoding.UTF8.GetString(span.Slice(at, length));
        at += length;
        return true;
    }

    /// <summary>CRC-32C, which the processor computes.</summary>
    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        var crc = uint.MaxValue;
        foreach (var word in words)
            crc = BitOperations.Crc32C(crc, word);
        foreach (var b in bytes[(words.Length * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
