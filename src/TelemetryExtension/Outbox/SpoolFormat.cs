using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <param name="Payload">Without its body.</param>
/// <param name="BodyAt">Where the body begins: the rest of the file is the body.</param>
internal readonly record struct SpoolHead(OtlpPayload Payload, IReadOnlyList<string> Pending, int BodyAt, int BodyBytes, uint BodyChecksum);

/// <summary>
/// One payload as a file, little endian: magic, CRC-32C of the rest of the head, the head's length, the body's CRC-32C and length, signal, records,
/// created (Unix ms), batch id and pending destinations (each with its length); then the body. The head alone tells what a ledger needs, and
/// with the file's length whether the file is whole.
/// </summary>
internal static class SpoolFormat
{
    private const uint Magic = 0x32505354; // "TSP2"
    private const int Checked = 8;
    private const int Fixed = Checked + 4 + 4 + 4 + 1 + 4 + 8;

    /// <summary>Enough of a file to find out <see cref="HeadLength"/>.</summary>
    public const int Least = Checked + 4;

    /// <summary>A head of a payload that all these destinations wait for.</summary>
    public static int LongestHead(IEnumerable<string> destinations) =>
        Fixed + 2 + Guid.Empty.ToString("N").Length + 2 + destinations.Sum(static name => Encoding.UTF8.GetByteCount(name) + 1);

    /// <param name="payload">Its body is not looked at.</param>
    /// <param name="bodies">What stands in the file end to end.</param>
    public static byte[] Head(OtlpPayload payload, IReadOnlyList<ReadOnlyMemory<byte>> bodies, IReadOnlyList<string> pending)
    {
        var names = Encoding.UTF8.GetBytes(string.Join('\n', pending));
        var id = Encoding.UTF8.GetBytes(payload.BatchId);
        var head = new byte[Fixed + 2 + id.Length + 2 + names.Length];
        var (checksum, length) = (uint.MaxValue, 0);
        foreach (var body in bodies)
            (checksum, length) = (Checksum(checksum, body.Span), length + body.Length);
        var at = head.AsSpan(Checked);
        BinaryPrimitives.WriteInt32LittleEndian(at, head.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(at[4..], checksum);
        BinaryPrimitives.WriteInt32LittleEndian(at[8..], length);
        at[12] = (byte)payload.Signal;
        BinaryPrimitives.WriteInt32LittleEndian(at[13..], payload.Records);
        BinaryPrimitives.WriteInt64LittleEndian(at[17..], payload.Created.ToUnixTimeMilliseconds());
        Put(Put(at[25..], id), names);
        BinaryPrimitives.WriteUInt32LittleEndian(head, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(4), Checksum(uint.MaxValue, head.AsSpan(Checked)));
        return head;
    }

    /// <summary>Of a head that begins like this; 0 when it is none.</summary>
    public static int HeadLength(ReadOnlySpan<byte> beginning, long fileBytes)
    {
        if (beginning.Length < Least || BinaryPrimitives.ReadUInt32LittleEndian(beginning) != Magic)
            return 0;
        var length = BinaryPrimitives.ReadInt32LittleEndian(beginning[Checked..]);
        return length >= Fixed + 4 && length <= fileBytes ? length : 0;
    }

    /// <param name="beginning">Of the file, with its head at least.</param>
    public static bool TryReadHead(ReadOnlySpan<byte> beginning, long fileBytes, out SpoolHead head)
    {
        head = default;
        var length = HeadLength(beginning, fileBytes);
        if (length == 0 || length > beginning.Length
            || BinaryPrimitives.ReadUInt32LittleEndian(beginning[4..]) != Checksum(uint.MaxValue, beginning[Checked..length]))
            return false;
        var at = beginning[Checked..length];
        var bodyBytes = BinaryPrimitives.ReadInt32LittleEndian(at[8..]);
        if (bodyBytes != fileBytes - length || at[12] > (byte)Signal.Logs)
            return false;
        var (signal, records) = ((Signal)at[12], BinaryPrimitives.ReadInt32LittleEndian(at[13..]));
        var created = DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64LittleEndian(at[17..]));
        var texts = at[25..];
        if (!TryText(ref texts, out var id) || !TryText(ref texts, out var names))
            return false;
        head = new(
            new(signal, default, records, created) { BatchId = id }, names.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            length, bodyBytes, BinaryPrimitives.ReadUInt32LittleEndian(at[4..]));
        return true;
    }

    /// <summary>The body of a whole file; null when anything is wrong with it.</summary>
    public static ReadOnlyMemory<byte>? Body(byte[] file)
    {
        if (!TryReadHead(file, file.Length, out var head) || Checksum(uint.MaxValue, file.AsSpan(head.BodyAt)) != head.BodyChecksum)
            return null;
        return file.AsMemory(head.BodyAt);
    }

    private static Span<byte> Put(Span<byte> at, byte[] text)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(at, (ushort)text.Length);
        text.CopyTo(at[2..]);
        return at[(2 + text.Length)..];
    }

    private static bool TryText(ref ReadOnlySpan<byte> at, out string text)
    {
        text = "";
        if (at.Length < 2 || at.Length - 2 < BinaryPrimitives.ReadUInt16LittleEndian(at))
            return false;
        var end = 2 + BinaryPrimitives.ReadUInt16LittleEndian(at);
        text = Encoding.UTF8.GetString(at[2..end]);
        at = at[end..];
        return true;
    }

    /// <summary>CRC-32C, which the processor computes, without the inversion at the end: pieces can follow each other.</summary>
    private static uint Checksum(uint crc, ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
            crc = BitOperations.Crc32C(crc, word);
        foreach (var b in bytes[(words.Length * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, b);
        return crc;
    }
}
