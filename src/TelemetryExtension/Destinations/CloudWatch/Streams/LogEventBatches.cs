using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using TelemetryExtension.Configuration;

namespace TelemetryExtension.Destinations.CloudWatch.Streams;

/// <summary>
/// Splits events into PutLogEvents requests within every limit of the API (API_PutLogEvents): ascending times (equal times keep their order), at most 24 h
/// from first to last, 10,000 events, and 1,048,576 bytes where each event counts its UTF-8 bytes and 26 more. No message is empty or longer than the given
/// size; a shortened message says so. Every event is in exactly one batch.
/// </summary>
internal static class LogEventBatches
{
    public const int MaxBytes = 1_048_576;
    public const int MaxEvents = 10_000;
    public const int EventOverhead = 26;
    public const long MaxSpanMs = 24 * 60 * 60 * 1000;

    public static List<LogEvent[]> Of(IReadOnlyList<LogEvent> events, int maxMessageBytes = CloudWatchOptions.SafeEventBytes)
    {
        var batches = new List<LogEvent[]>();
        var batch = new List<LogEvent>(Math.Min(events.Count, MaxEvents));
        var bytes = 0;
        foreach (var logEvent in events.OrderBy(logEvent => logEvent.TimeUnixMs))
        {
            var message = Fit(logEvent.Message, maxMessageBytes);
            var size = Encoding.UTF8.GetByteCount(message) + EventOverhead;
            if (batch.Count > 0 && (batch.Count == MaxEvents || bytes + size > MaxBytes || logEvent.TimeUnixMs - batch[0].TimeUnixMs > MaxSpanMs))
            {
                batches.Add([.. batch]);
                batch.Clear();
                bytes = 0;
            }

            batch.Add(logEvent with { Message = message });
            bytes += size;
        }

        if (batch.Count > 0)
            batches.Add([.. batch]);
        return batches;
    }

    /// <summary>The message as it may be sent: a blank for an empty one, and a shortened one with a marker for one that is too long.</summary>
    public static string Fit(string message, int maxBytes)
    {
        if (message.Length == 0)
            return " ";
        if (message.Length <= maxBytes / 3)
            return message;
        var bytes = Encoding.UTF8.GetByteCount(message);
        if (bytes <= maxBytes)
            return message;
        var marker = string.Create(CultureInfo.InvariantCulture, $"… [truncated: {bytes} bytes]");
        return Prefix(message, maxBytes - Encoding.UTF8.GetByteCount(marker)) + marker;
    }

    /// <summary>The longest prefix of at most this many UTF-8 bytes that ends between two characters.</summary>
    public static string Prefix(string text, int maxBytes)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Max(maxBytes, 1));
        Utf8.FromUtf16(text, buffer.AsSpan(0, Math.Max(maxBytes, 0)), out var read, out _);
        ArrayPool<byte>.Shared.Return(buffer);
        return text[..read];
    }
}
