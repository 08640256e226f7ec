using System.Text.Json;
using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations.CloudWatch.Streams;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Destinations.CloudWatch.Json;

/// <summary>Converts an ExportTraceServiceRequest into events of JSON, one per span, at the time of the span's end.</summary>
internal static class SpanJson
{
    private static readonly string[] Kinds = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];

    public static List<LogEvent> Read(ReadOnlySpan<byte> request, ResourceInEvents resources, DateTimeOffset now)
    {
        var events = new List<LogEvent>();
        using var json = new RecordJson(resources);
        OtlpRecords.Visit(request, (resource, scope, span) =>
        {
            var (kind, start, end) = Scalars(span);
            var message = Write(json, resource, scope, span, kind, start, end);
            events.Add(new(end == 0 ? now.ToUnixTimeMilliseconds() : (long)(end / 1_000_000), message));
        });
        return events;
    }

    private static string Write(RecordJson record, ReadOnlySpan<byte> resource, ReadOnlySpan<byte> scope, ReadOnlySpan<byte> span, ulong kind, ulong start, ulong end)
    {
        var json = record.Begin();
        json.WriteString("name", OtlpRecords.Find(span, 5));
        json.WriteString("kind", kind < (ulong)Kinds.Length ? Kinds[kind] : Kinds[0]);
        record.WriteId("traceId", OtlpRecords.Find(span, 1));
        record.WriteId("spanId", OtlpRecords.Find(span, 2));
        record.WriteId("parentSpanId", OtlpRecords.Find(span, 4));
        json.WriteString("startTime", RecordJson.Iso(start));
        json.WriteString("endTime", RecordJson.Iso(end));
        json.WriteNumber("durationMs", end > start ? (end - start) / 1e6 : 0);
        WriteStatus(json, OtlpRecords.Find(span, 15));
        AnyValueJson.WriteAttributes(json, "attributes", span, 9);
        WriteEvents(json, span);
        record.WriteSource(resource, scope);
        return record.End();
    }

    private static (ulong Kind, ulong Start, ulong End) Scalars(ReadOnlySpan<byte> span)
    {
        ulong kind = 0, start = 0, end = 0;
        var reader = new ProtobufReader(span);
        while (reader.TryReadTag(out var field, out var type))
        {
            if (field == 6 && type == WireType.Varint)
                reader.TryReadVarint(out kind);
            else if (field == 7 && type == WireType.Fixed64)
                reader.TryReadFixed64(out start);
            else if (field == 8 && type == WireType.Fixed64)
                reader.TryReadFixed64(out end);
            else
                reader.TrySkip(type);
        }

        return (kind, start, end);
    }

    private static void WriteStatus(Utf8JsonWriter json, ReadOnlySpan<byte> status)
    {
        ulong code = 0;
        var reader = new ProtobufReader(status);
        while (reader.TryReadTag(out var field, out var type))
        {
            if (field == 3 && type == WireType.Varint)
                reader.TryReadVarint(out code);
            else
                reader.TrySkip(type);
        }

        if (code is not (1 or 2))
            return;
        json.WriteString("status", code == 1 ? "OK" : "ERROR");
        var message = OtlpRecords.Find(status, 2);
        if (!message.IsEmpty)
            json.WriteString("statusMessage", message);
    }

    private static void WriteEvents(Utf8JsonWriter json, ReadOnlySpan<byte> span)
    {
        var open = false;
        var reader = new ProtobufReader(span);
        while (reader.TryReadTag(out var field, out var type))
        {
            if (field != 11 || type != WireType.LengthDelimited)
            {
                reader.TrySkip(type);
                continue;
            }

            if (!reader.TryReadBytes(out var spanEvent))
                break;
            if (!open)
                json.WriteStartArray("events");
            open = true;
            json.WriteStartObject();
            json.WriteString("name", OtlpRecords.Find(spanEvent, 2));
            AnyValueJson.WriteAttributes(json, "attributes", spanEvent, 3);
            json.WriteEndObject();
        }

        if (open)
            json.WriteEndArray();
    }
}
