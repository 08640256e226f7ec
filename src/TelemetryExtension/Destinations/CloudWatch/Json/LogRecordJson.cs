using System.Text;
using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations.CloudWatch.Streams;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Destinations.CloudWatch.Json;

/// <summary>
/// Converts an ExportLogsServiceRequest into events of JSON. A record that is too long loses the end of its body and reports that. It stays valid JSON.
/// </summary>
internal static class LogRecordJson
{
    public static List<LogEvent> Read(ReadOnlySpan<byte> request, ResourceInEvents resources, int maxBytes, DateTimeOffset now)
    {
        var events = new List<LogEvent>();
        using var json = new RecordJson(resources);
        OtlpRecords.Visit(request, (resource, scope, record) =>
        {
            var fields = Fields.Of(record);
            var message = Write(json, fields, resource, scope, record, null, 0);
            if (json.Length > maxBytes)
                message = Shorten(json, fields, resource, scope, record, maxBytes);
            var time = fields.Time != 0 ? fields.Time : fields.Observed;
            events.Add(new(time == 0 ? now.ToUnixTimeMilliseconds() : (long)(time / 1_000_000), message));
        });
        return events;
    }

    /// <summary>
    /// Keeps as much of the body as fits, estimated by its average size after escaping. It repeats with less, because the beginning may need more than the
    /// average.
    /// </summary>
    private static string Shorten(RecordJson json, Fields fields, ReadOnlySpan<byte> resource, ReadOnlySpan<byte> scope, ReadOnlySpan<byte> record, int maxBytes)
    {
        var body = AnyValueJson.Text(OtlpRecords.Find(record, 5));
        var bodyBytes = Encoding.UTF8.GetByteCount(body);
        var originalBytes = json.Length;
        var message = Write(json, fields, resource, scope, record, "", originalBytes);
        var bare = json.Length;
        var keep = bare < maxBytes && bodyBytes > 0 ? (int)((double)bodyBytes * (maxBytes - bare) / Math.Max(originalBytes - bare, bodyBytes)) : 0;
        while (keep > 0)
        {
            message = Write(json, fields, resource, scope, record, LogEventBatches.Prefix(body, keep), originalBytes);
            if (json.Length <= maxBytes)
                return message;
            keep = keep * 9 / 10;
        }

        return message;
    }

    private static string Write(
        RecordJson record, Fields fields, ReadOnlySpan<byte> resource, ReadOnlySpan<byte> scope, ReadOnlySpan<byte> message, string? shortBody, int originalBytes)
    {
        var json = record.Begin();
        json.WriteString("time", RecordJson.Iso(fields.Time != 0 ? fields.Time : fields.Observed));
        if (fields.Severity != 0)
            json.WriteNumber("severityNumber", fields.Severity);
        var severityText = OtlpRecords.Find(message, 3);
        if (!severityText.IsEmpty)
            json.WriteString("severityText", severityText);
        json.WritePropertyName("body");
        if (shortBody is null)
            AnyValueJson.Write(json, OtlpRecords.Find(message, 5));
        else
            json.WriteStringValue(shortBody + "…");
        if (shortBody is not null)
            json.WriteNumber("truncatedFromBytes", originalBytes);
        record.WriteId("traceId", OtlpRecords.Find(message, 9));
        record.WriteId("spanId", OtlpRecords.Find(message, 10));
        var eventName = OtlpRecords.Find(message, 12);
        if (!eventName.IsEmpty)
            json.WriteString("eventName", eventName);
        AnyValueJson.WriteAttributes(json, "attributes", message, 6);
        record.WriteSource(resource, scope);
        return record.End();
    }

    /// <summary>The scalar fields of a LogRecord. Unreadable ones keep their default.</summary>
    private readonly record struct Fields(ulong Time, ulong Observed, int Severity)
    {
        public static Fields Of(ReadOnlySpan<byte> record)
        {
            ulong time = 0, observed = 0, severity = 0;
            var reader = new ProtobufReader(record);
            while (reader.TryReadTag(out var field, out var type))
            {
                if (field == 1 && type == WireType.Fixed64)
                    reader.TryReadFixed64(out time);
                else if (field == 11 && type == WireType.Fixed64)
                    reader.TryReadFixed64(out observed);
                else if (field == 2 && type == WireType.Varint)
                    reader.TryReadVarint(out severity);
                else
                    reader.TrySkip(type);
            }

            return new(time, observed, (int)Math.Min(severity, 24));
        }
    }
}
