using System.IO.Compression;

namespace TelemetryExtension.Destinations.Otlp;

/// <summary>Decodes a compressed response body. The extension does not request compression, but some servers and proxies compress anyway.</summary>
internal static class AnswerBody
{
    /// <summary>Far more than an answer has. The limit keeps a few bytes from expanding to gigabytes.</summary>
    private const int MaxBytes = 1024 * 1024;

    /// <summary>Returns the readable part, up to the limit. Null when the encoding is unknown.</summary>
    /// <param name="encoding">Content-Encoding or grpc-encoding. A gzip stream is recognised without it.</param>
    public static byte[]? Decode(byte[] body, string? encoding)
    {
        if (body is [0x1f, 0x8b, ..])
            return Inflate(new GZipStream(new MemoryStream(body), CompressionMode.Decompress));
        return encoding?.Trim().ToLowerInvariant() switch
        {
            null or "" or "identity" or "gzip" or "x-gzip" => body,
            "deflate" => Inflate(new ZLibStream(new MemoryStream(body), CompressionMode.Decompress)),
            _ => body.Length == 0 ? body : null,
        };
    }

    private static byte[] Inflate(Stream compressed)
    {
        using (compressed)
        {
            var decoded = new MemoryStream();
            var buffer = new byte[4096];
            try
            {
                while (decoded.Length < MaxBytes && compressed.Read(buffer) is > 0 and var read)
                    decoded.Write(buffer, 0, read);
            }
            catch (InvalidDataException)
            {
                // The data is damaged or cut off. The part before that may be enough.
            }

            return decoded.ToArray();
        }
    }
}
