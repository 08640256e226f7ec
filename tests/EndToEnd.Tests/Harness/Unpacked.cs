using System.IO.Compression;

namespace EndToEnd.Tests.Harness;

/// <summary>Bytes, and what every gzip stream inside them contains, even one that breaks off.</summary>
internal static class Unpacked
{
    public static IEnumerable<ReadOnlyMemory<byte>> All(ReadOnlyMemory<byte> bytes)
    {
        yield return bytes;
        for (var at = Next(bytes, 0); at >= 0; at = Next(bytes, at + 1))
            if (Gunzip(bytes[at..]) is { Length: > 0 } content)
                yield return content;
    }

    private static int Next(ReadOnlyMemory<byte> bytes, int from) =>
        from <= bytes.Length && bytes.Span[from..].IndexOf((ReadOnlySpan<byte>)[0x1F, 0x8B, 8]) is >= 0 and var at ? from + at : -1;

    private static byte[] Gunzip(ReadOnlyMemory<byte> compressed)
    {
        using var content = new MemoryStream();
        try
        {
            using var gzip = new GZipStream(new MemoryStream(compressed.ToArray()), CompressionMode.Decompress);
            gzip.CopyTo(content);
        }
        catch (InvalidDataException)
        {
            // Only its beginning is gzip.
        }

        return content.ToArray();
    }
}
