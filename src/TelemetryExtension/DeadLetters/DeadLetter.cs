using System.Buffers.Text;
using System.IO.Compression;
using System.Security.Cryptography;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.DeadLetters;

/// <summary>A payload as lines that survive in a log. Id and bytes are restored exactly, whatever the order of the lines.</summary>
internal sealed record DeadLetter(OtlpPayload Payload, IReadOnlyList<string> Lines)
{
    /// <summary>Data per line: far below every limit of pipes, log collectors and CloudWatch Logs (256 KB).</summary>
    public const int DataPerLine = 60_000;

    // The OTLP specification limits a request to 64 MiB, so no larger one was ever received.
    private const int MaxPayload = 64 * 1024 * 1024;

    /// <summary>The largest ratio of Deflate.</summary>
    private const int MaxRatio = 1032;

    public int Bytes { get; } = Lines.Sum(line => line.Length);

    public static DeadLetter Of(OtlpPayload payload, int dataPerLine = DataPerLine, DropReason? reason = null)
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
            var part = new DeadLetterPart(
                payload.BatchId, payload.Signal, payload.Records, payload.Created.ToUnixTimeMilliseconds(), payload.Body.Length, sum, i + 1, count, slice);
            lines[i] = (reason is { } why ? part with { Reason = LedgerLine.NameOf(why) } : part).ToString();
        }

        return new(payload, lines);
    }

    /// <summary>
    /// Restores the payload from the data of all its parts. Returns null with the problem when the data does not match what the parts claim.
    /// </summary>
    /// <param name="part">Any of the parts.</param>
    /// <param name="data">Base64url, in order.</param>
    public static OtlpPayload? Restore(DeadLetterPart part, IReadOnlyList<byte[]> data, out string problem)
    {
        problem = "";
        try
        {
            var packed = new byte[data.Sum(static each => each.Length)];
            var at = 0;
            foreach (var each in data)
            {
                each.CopyTo(packed, at);
                at += each.Length;
            }

            var length = Base64Url.DecodeFromUtf8InPlace(packed);
            // A few bytes that claim to be many must not get the memory for it.
            if (part.Size > Math.Min(MaxPayload, (long)length * MaxRatio))
                throw new InvalidDataException($"claims {part.Size} bytes");
            var body = new byte[part.Size];
            using var gzip = new GZipStream(new MemoryStream(packed, 0, length), CompressionMode.Decompress);
            gzip.ReadExactly(body);
            if (gzip.ReadByte() >= 0 || SumOf(body) != part.Sum)
                throw new InvalidDataException("the checksum of the whole does not match");
            return new(part.Signal, body, part.Records, DateTimeOffset.FromUnixTimeMilliseconds(part.CreatedUnixMs)) { BatchId = part.Id };
        }
        catch (Exception exception) when (exception is InvalidDataException or FormatException or EndOfStreamException or ArgumentOutOfRangeException or OutOfMemoryException)
        {
            var reason = exception switch
            {
                ArgumentOutOfRangeException => "its time is invalid",
                FormatException => "its data is not base64url",
                OutOfMemoryException => "too large for the memory of this program",
                _ => Reason.Of(exception),
            };
            problem = $"{part.Id} is damaged: {reason}";
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
