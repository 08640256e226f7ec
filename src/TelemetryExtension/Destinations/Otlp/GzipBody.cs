using System.IO.Compression;

namespace TelemetryExtension.Destinations.Otlp;

internal static class GzipBody
{
    private const int Slice = 64 * 1024;
    private static readonly byte[] Empty = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>
    /// Compresses into one gzip member at the fastest level, because the CPU belongs to the customer and telemetry compresses well at any level.
    /// </summary>
    public static ReadOnlyMemory<byte> Compress(ReadOnlySpan<byte> body)
    {
        // GZipStream writes nothing for an empty body, which is not a valid gzip member.
        if (body.IsEmpty)
            return Empty;
        var compressed = new MemoryStream(Math.Max(256, body.Length / 4));
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (; body.Length > Slice; body = body[Slice..])
            {
                gzip.Write(body[..Slice]);
                // A body that compresses badly gets room for the worst case at once, because growth by doubling would leave buffers of four times its size
                // behind.
                if (compressed.Capacity - compressed.Length < 2 * Slice && compressed.Capacity - compressed.Length < Bound(body.Length))
                    compressed.Capacity = (int)compressed.Length + Bound(body.Length);
            }

            gzip.Write(body);
        }

        return compressed.GetBuffer().AsMemory(0, (int)compressed.Length);
    }

    /// <summary>Deflate stores incompressible data with five extra bytes per block. One slice may still be inside the compressor.</summary>
    private static int Bound(int bytes) => bytes + (bytes / 1000) + Slice + 1024;
}
