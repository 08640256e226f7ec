using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using TelemetryExtension.Buffering;
using TelemetryExtension.Ingest.Http;

namespace TelemetryExtension.Ingest.OtlpReceiver;

/// <summary>Decompresses up to a limit, whatever size the compressed bytes claim.</summary>
internal static class Gzip
{
    /// <summary>Header and trailer of RFC 1952 without content. GZipStream itself accepts less for an empty stream.</summary>
    private const int SmallestBytes = 18;

    /// <param name="body">The caller owns it when complete.</param>
    public static BodyStatus TryDecompress(ReadOnlyMemory<byte> compressed, int limit, ByteLease lease, out PooledBody? body)
    {
        body = null;
        if (compressed.Length < SmallestBytes || !MemoryMarshal.TryGetArray(compressed, out var segment))
            return BodyStatus.BadRequest;
        var growing = new GrowingBody(limit, lease, keep: true);
        try
        {
            using var source = new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false);
            using var gzip = new GZipStream(source, CompressionMode.Decompress);
            var status = growing.TryStart(Math.Max(1, SizeHint(segment, limit)));
            while (status is BodyStatus.Complete)
            {
                var read = gzip.Read(growing.Free.Span);
                if (read == 0)
                {
                    // GZipStream treats some truncated streams as complete. (With several members, the size of the last one is smaller than the total.)
                    if (ClaimedSize(segment) > growing.Length)
                        return BodyStatus.BadRequest;
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

    /// <summary>
    /// Reserves more room when the buffer is full. A full buffer may be the exact end, so only a further byte is a reason to grow or to refuse.
    /// </summary>
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

    /// <summary>The expected size. Deflate cannot exceed 1032 to 1, whatever is claimed.</summary>
    private static long SizeHint(ReadOnlySpan<byte> compressed, int limit) =>
        Math.Min(Math.Min(ClaimedSize(compressed), 1032L * compressed.Length), limit);

    /// <summary>The length of the content according to the last four bytes (RFC 1952, ISIZE).</summary>
    private static uint ClaimedSize(ReadOnlySpan<byte> compressed) => BinaryPrimitives.ReadUInt32LittleEndian(compressed[^4..]);
}
