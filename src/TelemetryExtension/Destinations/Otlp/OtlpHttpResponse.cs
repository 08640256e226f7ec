using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Destinations.Otlp;

/// <summary>What an answer over OTLP/HTTP means (OTLP specification, OTLP/HTTP response): a pure function of the answer.</summary>
internal static class OtlpHttpResponse
{
    private const int MaxMessageLength = 300;

    /// <param name="body">What could be read of it; protobuf when the content type says so.</param>
    /// <param name="retryAfter">The raw header, in either form: seconds or HTTP date.</param>
    public static DeliveryResult Classify(int status, ReadOnlySpan<byte> body, string? contentType, string? retryAfter, DateTimeOffset now)
    {
        var isProtobuf = contentType?.Contains("protobuf", StringComparison.OrdinalIgnoreCase) ?? false;
        if (status is >= 200 and < 300)
        {
            // Any success is final, even if its body cannot be read.
            var (rejected, message) = isProtobuf || contentType is null ? PartialSuccess(body) : default;
            return new(DeliveryStatus.Delivered, rejected, message);
        }

        var said = isProtobuf ? StatusMessage(body) : Text(body);
        var text = $"HTTP {status.ToString(CultureInfo.InvariantCulture)}{(said is null ? "" : ": " + said)}";
        return status is 429 or 502 or 503 or 504
            ? new(DeliveryStatus.Retryable, 0, text, RetryAfter(retryAfter, now))
            : new(DeliveryStatus.Refused, 0, text, MayBeTooLargeOrPoisoned: status is 400 or 413, IsTooLarge: status is 413);
    }

    /// <summary>Export*ServiceResponse { 1 partial_success { 1 rejected_* int64, 2 error_message } }, the same numbers for all signals.</summary>
    public static (int Rejected, string? Message) PartialSuccess(ReadOnlySpan<byte> response)
    {
        var rejected = 0;
        string? message = null;
        var outer = new ProtobufReader(response);
        while (outer.TryReadTag(out var field, out var type))
        {
            if (field != 1 || type != WireType.LengthDelimited)
            {
                outer.TrySkip(type);
                continue;
            }

            if (!outer.TryReadBytes(out var partial))
                break;
            var inner = new ProtobufReader(partial);
            while (inner.TryReadTag(out field, out type))
            {
                if (field == 1 && type == WireType.Varint && inner.TryReadVarint(out var count))
                    rejected = (int)Math.Clamp((long)count, 0, int.MaxValue);
                else if (field == 2 && type == WireType.LengthDelimited && inner.TryReadBytes(out var text))
                    message = Text(text);
                else
                    inner.TrySkip(type);
            }
        }

        return (rejected, message);
    }

    /// <summary>google.rpc.Status { 1 code, 2 message }.</summary>
    public static string? StatusMessage(ReadOnlySpan<byte> status)
    {
        var reader = new ProtobufReader(status);
        while (reader.TryReadTag(out var field, out var type))
        {
            if (field == 2 && type == WireType.LengthDelimited && reader.TryReadBytes(out var text))
                return Text(text);
            reader.TrySkip(type);
        }

        return null;
    }

    public static TimeSpan? RetryAfter(string? header, DateTimeOffset now)
    {
        if (header is null || !RetryConditionHeaderValue.TryParse(header, out var value))
            return null;
        var delay = value.Delta ?? value.Date - now;
        return delay < TimeSpan.Zero ? TimeSpan.Zero : delay;
    }

    /// <summary>The server's words, fit for one log line: bounded, and without control characters.</summary>
    public static string? Text(ReadOnlySpan<byte> utf8)
    {
        var text = Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, MaxMessageLength)]).Trim();
        if (text.Length == 0)
            return null;
        return string.Create(text.Length, text, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
                span[i] = char.IsControl(source[i]) ? ' ' : source[i];
        });
    }
}
