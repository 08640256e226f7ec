using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <param name="Payload">The payload without its body.</param>
/// <param name="BodyAt">The offset of the body, which fills the rest of the file.</param>
internal readonly record struct SpoolHead(OtlpPayload Payload, IReadOnlyList<string> Pending, int BodyAt, int BodyBytes, uint BodyChecksum);

/// <summary>
/// The file format of one payload, little endian: magic, CRC-32C of the rest of the head, the head's length, the body's CRC-32C and length, signal,
/// records, created (Unix ms), batch id and pending destinations (each with its length), then the body. The head contains all that the ledger needs.
/// Together with the file's length it shows whether the file is complete.
/// </summary>
internal static class SpoolFormat
{
    private const uint Magic = 0x32505354; // "TSP2"
    private const int Checked = 8;
    private const int Fixed = Checked + 4 + 4 + 4 + 1 + 4 + 8;

    /// <summary>The bytes of a file that <see cref="HeadLength"/> needs.</summary>
    public const int MinBytes = Checked + 4;

    /// <summary>The length of a head when all these destinations are pending.</summary>
    public static int LongestHead(IEnumerable<string> destinations) =>
        Fixed + 2 + Guid.Empty.ToString("N").Length + 2 + destinations.Sum(static name => Encoding.UTF8.GetByteCount(name) + 1);

    /// <param name="payload">Its body is ignored.</param>
    /// <param name="bodies">The pieces of the body, which are written end to end.</param>
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

    /// <summary>The length of the head that begins with these bytes. 0 when they are not a head.</summary>
    public static int HeadLength(ReadOnlySpan<byte> beginning, long fileBytes)
    {
        if (beginning.Length < MinBytes || BinaryPrimitives.ReadUInt32LittleEndian(beginning) != Magic)
            return 0;
        var length = BinaryPrimitives.ReadInt32LittleEndian(beginning[Checked..]);
        return length >= Fixed + 4 && length <= fileBytes ? length : 0;
    }

    /// <param name="beginning">The beginning of the file, with at least its head.</param>
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

    /// <summary>Returns the body of a complete file, or null when anything in the file is wrong.</summary>
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

    /// <summary>CRC-32C, which the processor computes, without the final inversion, so that it can continue over several pieces.</summary>
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
