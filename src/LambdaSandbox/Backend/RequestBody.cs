using System.Buffers.Binary;
using System.IO.Compression;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace LambdaSandbox.Backend;

/// <summary>Reads a body as fast as a <see cref="Reading"/> allows, up to the limit.</summary>
internal static class RequestBody
{
    private static readonly uint[] CrcOfByte = [.. Enumerable.Range(0, 256).Select(value =>
    {
        var crc = (uint)value;
        for (var bit = 0; bit < 8; bit++)
            crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB88320;
        return crc;
    })];

    /// <returns>Null when it was longer than <paramref name="limit"/>.</returns>
    /// <exception cref="ConnectionAbortedException">The <see cref="Reading"/> demanded a reset.</exception>
    public static async Task<byte[]?> ReadAsync(
        HttpContext context, Reading reading, int limit, TimeProvider time, CancellationToken cancellationToken)
    {
        if (reading.Hangs)
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
        if (context.Request.ContentLength > limit)
            return null;

        using var body = new MemoryStream();
        var buffer = new byte[Math.Clamp(reading.BytesPerSecond / 10 ?? 64 * 1024, 1, 64 * 1024)];
        while (reading.ResetAfterBytes is not { } reset || body.Length < reset)
        {
            var space = reading.ResetAfterBytes is { } end ? (int)Math.Min(buffer.Length, end - body.Length) : buffer.Length;
            var count = await context.Request.Body.ReadAsync(buffer.AsMemory(0, space), cancellationToken);
            if (count == 0)
                return body.ToArray();
            body.Write(buffer, 0, count);
            if (body.Length > limit)
                return null;
            if (reading.BytesPerSecond is { } rate)
                await Task.Delay(TimeSpan.FromSeconds((double)count / rate), time, cancellationToken);
        }

        Wire.ResetConnection(context);
        throw new ConnectionAbortedException("reset on purpose");
    }

    /// <returns>Null when the content is longer than <paramref name="limit"/>.</returns>
    /// <exception cref="InvalidDataException">The data is not gzip, or is truncated.</exception>
    public static byte[]? Gunzip(ReadOnlyMemory<byte> compressed, int limit)
    {
        using var gzip = new GZipStream(new MemoryStream(compressed.ToArray()), CompressionMode.Decompress);
        using var content = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (gzip.Read(buffer) is > 0 and var count)
        {
            content.Write(buffer, 0, count);
            if (content.Length > limit)
                return null;
        }

        var whole = content.ToArray();
        return EndsWithTrailerOf(whole, compressed.Span) ? whole : throw new InvalidDataException("gzip ends too early");
    }

    /// <summary>
    /// GZipStream does not report truncated input, so this checks the trailer, which holds the checksum and the length of the last member. There may be
    /// several members.
    /// </summary>
    private static bool EndsWithTrailerOf(ReadOnlySpan<byte> content, ReadOnlySpan<byte> compressed)
    {
        if (compressed.Length < 18)
            return false;
        var length = BinaryPrimitives.ReadUInt32LittleEndian(compressed[^4..]);
        return length <= content.Length && Crc32(content[^(int)length..]) == BinaryPrimitives.ReadUInt32LittleEndian(compressed[^8..]);
    }

    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
            crc = CrcOfByte[(byte)(crc ^ value)] ^ (crc >> 8);
        return ~crc;
    }

    public static byte[] Gzip(ReadOnlySpan<byte> content)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(content);
        return compressed.ToArray();
    }
}
