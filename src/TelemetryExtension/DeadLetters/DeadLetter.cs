using System.Buffers.Text;
using System.IO.Compression;
using System.Security.Cryptography;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.DeadLetters;

/// <summary>A payload as the lines that survive in a log. Id and bytes come back as they were, whatever happens to the order of the lines.</summary>
internal sealed record DeadLetter(OtlpPayload Payload, IReadOnlyList<string> Lines)
{
    /// <summary>Data in one line: far from every limit of pipes, log collectors and CloudWatch Logs (256 KB).</summary>
    public const int DataPerLine = 60_000;

    // An OTLP request may have 64 MiB (OTLP specification); nothing bigger was ever received.
    private const int MaxPayload = 64 * 1024 * 1024;

    public int Bytes { get; } = Lines.Sum(line => line.Length);

    public static DeadLetter Of(OtlpPayload payload, int dataPerLine = DataPerLine)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(payload.Body.Span);
        var data = Base64Url.EncodeToString(packed.GetBuffer().AsSpan(0, (int)packed.Length));
        var sum = SumOf(payload.Body.Span);
        var count = Math.Max(1, (data.Length + dataPerLine - 1) / dataPerLine);
        var lines = new string[count];
        for (var i = 0; i < count; i++)
        {
            var slice = data.Substring(i * dataPerLine, Math.Min(dataPerLine, data.Length - (i * dataPerLine)));
            lines[i] = new DeadLetterPart(
                payload.BatchId, payload.Signal, payload.Records, payload.Created.ToUnixTimeMilliseconds(), payload.Body.Length, sum, i + 1, count, slice).ToString();
        }

        return new(payload, lines);
    }

    /// <summary>The payload out of all its parts in order; null, and why, when they do not make what they claim.</summary>
    public static OtlpPayload? Restore(IReadOnlyList<DeadLetterPart> parts, out string problem)
    {
        var first = parts[0];
        problem = "";
        try
        {
            if (first.Size > MaxPayload)
                throw new InvalidDataException($"claims {first.Size} bytes");
            var packed = Base64Url.DecodeFromChars(string.Concat(parts.Select(part => part.Data)));
            var body = new byte[first.Size];
            using var gzip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
            gzip.ReadExactly(body);
            if (gzip.ReadByte() >= 0 || SumOf(body) != first.Sum)
                throw new InvalidDataException("the checksum of the whole does not match");
            return new(first.Signal, body, first.Records, DateTimeOffset.FromUnixTimeMilliseconds(first.CreatedUnixMs)) { BatchId = first.Id };
        }
        catch (Exception exception) when (exception is InvalidDataException or FormatException or EndOfStreamException or ArgumentOutOfRangeException)
        {
            var reason = exception switch
            {
                ArgumentOutOfRangeException => "its time is none",
                FormatException => "its data is not base64url",
                _ => Reason.Of(exception),
            };
            problem = $"{first.Id} is damaged: {reason}";
            return null;
        }
    }

    private static string SumOf(ReadOnlySpan<byte> body)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, hash);
        return Convert.ToHexStringLower(hash[..16]);
    }
}
