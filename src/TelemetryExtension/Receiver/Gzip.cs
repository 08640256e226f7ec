using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using TelemetryExtension.Buffering;
using TelemetryExtension.Hosting;

namespace TelemetryExtension.Receiver;

/// <summary>Decompression that stops at a limit, whatever the compressed bytes claim.</summary>
internal static class Gzip
{
    /// <param name="body">Owned by the caller when complete.</param>
    public static BodyStatus TryDecompress(ReadOnlyMemory<byte> compressed, int limit, ByteLease lease, out PooledBody? body)
    {
        body = null;
        if (!MemoryMarshal.TryGetArray(compressed, out var segment))
            return BodyStatus.BadRequest;
        var growing = new GrowingBody(limit, lease);
        try
        {
            using var source = new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false);
            using var gzip = new GZipStream(source, CompressionMode.Decompress);
            var status = growing.TryReserve(SizeHint(segment, limit));
            while (status is BodyStatus.Complete)
            {
                var read = gzip.Read(growing.Free.Span);
                if (read == 0)
                {
                    body = growing.Take();
                    return BodyStatus.Complete;
                }

                growing.Advance(read);
                status = Reserve(growing, gzip);
            }

            return status;
        }
        catch (InvalidDataException)
        {
            return BodyStatus.BadRequest;
        }
        finally
        {
            growing.Release();
        }
    }

    /// <summary>A full buffer may be the exact end: only a further byte is a reason to grow, or to refuse.</summary>
    private static BodyStatus Reserve(GrowingBody growing, GZipStream gzip)
    {
        if (growing.Free.Length > 0)
            return BodyStatus.Complete;
        var next = gzip.ReadByte();
        if (next < 0)
            return BodyStatus.Complete;
        var status = growing.TryReserve(growing.Length);
        if (status is BodyStatus.Complete)
        {
            growing.Free.Span[0] = (byte)next;
            growing.Advance(1);
        }

        return status;
    }

    /// <summary>The last four bytes say how long the content is (RFC 1952, ISIZE). Only a hint: deflate cannot exceed 1032 to 1.</summary>
    private static long SizeHint(ReadOnlySpan<byte> compressed, int limit) => compressed.Length < 18
        ? 0
        : Math.Min(Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(compressed[^4..]), 1032L * compressed.Length), limit);
}
