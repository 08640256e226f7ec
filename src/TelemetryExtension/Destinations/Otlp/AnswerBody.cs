using System.IO.Compression;

namespace TelemetryExtension.Destinations.Otlp;

/// <summary>Undoes the encoding of a response body. We never ask for one, but some servers and proxies compress all the same.</summary>
internal static class AnswerBody
{
    /// <summary>Far more than an answer has; a few bytes must not become gigabytes.</summary>
    private const int MaxBytes = 1024 * 1024;

    /// <summary>What can be read of it, up to the limit; null when the encoding is not known here.</summary>
    /// <param name="encoding">Content-Encoding, or grpc-encoding. The bytes of a gzip stream are recognised without it.</param>
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
                // Damaged or cut off: what came before may say enough.
            }

            return decoded.ToArray();
        }
    }
}
