using System.IO.Compression;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace LambdaSandbox.Backend;

/// <summary>Takes a body off the wire, as fast as a <see cref="Reading"/> allows and never more than the limit.</summary>
internal static class RequestBody
{
    /// <returns>Null when it was longer than <paramref name="limit"/>.</returns>
    /// <exception cref="ConnectionAbortedException">The reading was to end in a reset, and did.</exception>
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
    /// <exception cref="InvalidDataException">Not gzip, or not whole.</exception>
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

        // The stream ends quietly where its input ends; only the trailer tells that it was whole.
        if (compressed.Length < 18)
            throw new InvalidDataException("too short for gzip");
        return content.ToArray();
    }

    public static byte[] Gzip(ReadOnlySpan<byte> content)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(content);
        return compressed.ToArray();
    }
}
