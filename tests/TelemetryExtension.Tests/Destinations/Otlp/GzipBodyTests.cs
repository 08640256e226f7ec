using System.IO.Compression;
using System.Runtime.InteropServices;
using TelemetryExtension.Destinations.Otlp;

namespace TelemetryExtension.Tests.Destinations.Otlp;

public sealed class GzipBodyTests
{
    private const int Slice = 64 * 1024;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Slice)]
    [InlineData(Slice + 1)]
    [InlineData(3 * Slice)]
    [InlineData(1_000_000)]
    public void Compress_AnySize_IsTheSameAgain(int size)
    {
        var noise = new byte[size];
        new Random(size).NextBytes(noise);
        foreach (var body in new[] { noise, new byte[size] })
            Assert.Equal(body, Decompress(GzipBody.Compress(body)));
    }

    [Fact]
    public void Compress_WhatDoesNotCompress_HoldsLittleMoreThanItsSize()
    {
        var noise = new byte[1 << 20];
        new Random(1).NextBytes(noise);

        Assert.True(MemoryMarshal.TryGetArray(GzipBody.Compress(noise), out var array));

        Assert.InRange(array.Array!.Length, noise.Length, noise.Length + (noise.Length / 4));
    }

    private static byte[] Decompress(ReadOnlyMemory<byte> bytes)
    {
        using var plain = new MemoryStream();
        using var gzip = new GZipStream(new MemoryStream(bytes.ToArray()), CompressionMode.Decompress);
        gzip.CopyTo(plain);
        return plain.ToArray();
    }
}
