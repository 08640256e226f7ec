namespace TelemetryExtension.Aws;

internal static class LimitedBody
{
    /// <summary>Longer than every answer that the extension asks for. A longer body is not from the service, and must not fill the memory.</summary>
    public const int MaxAnswerBytes = 1024 * 1024;

    /// <summary>Reads a body until its end, or until it has at least so many bytes. Leaving the rest unread costs only the connection.</summary>
    public static byte[] Read(Stream stream, int maxBytes)
    {
        using var body = new MemoryStream();
        var part = new byte[4096];
        while (body.Length < maxBytes && stream.Read(part) is var count and > 0)
            body.Write(part, 0, count);
        return body.ToArray();
    }
}
