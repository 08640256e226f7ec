using System.IO.Compression;

namespace TelemetryExtension.Destinations.Otlp;

internal static class GzipBody
{
    private const int Slice = 64 * 1024;
    private static readonly byte[] Empty = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>One gzip member, at the cheapest level: the CPU is the customer's, and telemetry compresses well at any level.</summary>
    public static ReadOnlyMemory<byte> Compress(ReadOnlySpan<byte> body)
    {
        // GZipStream would write nothing at all, which is no gzip member.
        if (body.IsEmpty)
            return Empty;
        var compressed = new MemoryStream(Math.Max(256, body.Length / 4));
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (; body.Length > Slice; body = body[Slice..])
            {
                gzip.Write(body[..Slice]);
                // What compresses badly gets room for the worst case at once: growing by doubling would leave four times its size behind.
                if (compressed.Capacity - compressed.Length < 2 * Slice && compressed.Capacity - compressed.Length < Bound(body.Length))
                    compressed.Capacity = (int)compressed.Length + Bound(body.Length);
            }

            gzip.Write(body);
        }

        return compressed.GetBuffer().AsMemory(0, (int)compressed.Length);
    }

    /// <summary>Deflate stores what it cannot compress: five bytes more per block. A slice may still be inside the compressor.</summary>
    private static int Bound(int bytes) => bytes + (bytes / 1000) + Slice + 1024;
}
