namespace TelemetryExtension.Destinations.Otlp;

internal static class BoundedBody
{
    /// <summary>Reads a response body up to a limit; what lies beyond is left unread, which costs the connection and nothing else.</summary>
    /// <param name="hasTrailers">They are there only once the end has been read, whatever length was announced.</param>
    public static async ValueTask<byte[]> ReadAsync(HttpContent content, int maxBytes, bool hasTrailers, CancellationToken cancellationToken)
    {
        var announced = hasTrailers ? null : content.Headers.ContentLength;
        if (announced is 0)
            return [];
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[1024];
        var length = 0;
        int read;
        while ((read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken)) > 0)
        {
            length += read;
            // At its end is no further read: that one could be cancelled.
            if (length >= maxBytes || length == announced)
                break;
            if (length == buffer.Length)
                Array.Resize(ref buffer, Math.Min(buffer.Length * 4, maxBytes));
        }

        return buffer.AsSpan(0, length).ToArray();
    }
}
