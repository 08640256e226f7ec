namespace TelemetryExtension.Destinations.Otlp;

internal static class BoundedBody
{
    /// <summary>Reads a response body up to a limit. Leaving the rest unread costs only the connection.</summary>
    /// <param name="hasTrailers">Trailers arrive only after the end of the body, whatever length was announced.</param>
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
            // Stop at Content-Length. An extra read might be cancelled.
            if (length >= maxBytes || length == announced)
                break;
            if (length == buffer.Length)
                Array.Resize(ref buffer, Math.Min(buffer.Length * 4, maxBytes));
        }

        return buffer.AsSpan(0, length).ToArray();
    }
}
