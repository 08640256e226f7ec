using System.IO.Compression;

namespace TelemetryExtension.Export;

internal static class GzipBody
{
    /// <summary>One gzip member, at the cheapest level: the CPU is the customer's, and telemetry compresses well at any level.</summary>
    public static ReadOnlyMemory<byte> Compress(ReadOnlySpan<byte> body)
    {
        var compressed = new MemoryStream(Math.Max(256, body.Length / 4));
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(body);
        return compressed.GetBuffer().AsMemory(0, (int)compressed.Length);
    }
}
