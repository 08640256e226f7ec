using System.Text.Json;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Processing.Invocations;

/// <summary>
/// Reads one envelope <c>{"time":…,"type":"platform.…","record":{…}}</c>. A field of an undocumented type counts as missing. Only an envelope without
/// a type, or an invocation event without a request id, is unreadable.
/// </summary>
internal static class PlatformEventReader
{
    /// <param name="fallbackTime">Unix epoch ns, used when the envelope's own time cannot be read.</param>
    public static PlatformEvent? Read(ReadOnlyMemory<byte> envelope, long fallbackTime)
    {
        try
        {
            using var document = JsonDocument.Parse(envelope);
            return Read(document.RootElement, fallbackTime);
        }
        catch (JsonException)
        {
            return null;
        }
        catch (InvalidOperationException)
        {
            // One string with invalid Unicode must not cost the event: without it the invocation has no end.
            return JsonText.TryRepairDocument(envelope.Span) is { } repaired ? Read(repaired, fallbackTime) : null;
        }
    }

    private static PlatformEvent? Read(JsonElement envelope, long fallbackTime)
    {
        if (Text(envelope, "type") is not { } type)
            return null;
        var time = UnixTime.Read(Text(envelope, "time")) ?? fallbackTime;
        var record = envelope.TryGetProperty("record", out var value) && value.ValueKind == JsonValueKind.Object ? value : default;
        var requestId = Text(record, "requestId");
        return type switch
        {
            "platform.initStart" => new PlatformEvent.InitStart(
                time, Text(record, "initializationType"), Text(record, "phase"), Text(record, "instanceId"),
                MaxMemoryBytes(Whole(record, "instanceMaxMemory")))
            {
                RuntimeVersion = Text(record, "runtimeVersion"),
                RuntimeVersionArn = Text(record, "runtimeVersionArn"),
            },
            "platform.initRuntimeDone" => new PlatformEvent.InitRuntimeDone(time, Text(record, "status"), Text(record, "errorType")),
            "platform.initReport" => new PlatformEvent.InitReport(
                time, Text(record, "status"), Text(record, "errorType"), Milliseconds(Metrics(record), "durationMs")),
            "platform.restoreStart" => new PlatformEvent.RestoreStart(
                time, Text(record, "instanceId"), MaxMemoryBytes(Whole(record, "instanceMaxMemory")))
            {
                RuntimeVersion = Text(record, "runtimeVersion"),
                RuntimeVersionArn = Text(record, "runtimeVersionArn"),
            },
            "platform.restoreRuntimeDone" => new PlatformEvent.RestoreRuntimeDone(time, Text(record, "status"), Text(record, "errorType")),
            "platform.restoreReport" => new PlatformEvent.RestoreReport(
                time, Text(record, "status"), Text(record, "errorType"), Milliseconds(Metrics(record), "durationMs")),
            "platform.start" => requestId is null
                ? null
                : new PlatformEvent.Start(time, requestId, Text(record, "functionArn"), Tracing(record), Text(record, "tenantId")),
            "platform.runtimeDone" => requestId is null
                ? null
                : new PlatformEvent.RuntimeDone(
                    time, requestId, Text(record, "status"), Text(record, "errorType"), Milliseconds(Metrics(record), "durationMs"),
                    Whole(Metrics(record), "producedBytes"), Spans(record), Tracing(record), Text(record, "tenantId"))
                {
                    UnreadableSpans = SpanCount(record) - Spans(record).Count,
                },
            "platform.report" => requestId is null
                ? null
                : new PlatformEvent.Report(
                    time, requestId, Text(record, "status"), Text(record, "errorType"), ReportMetrics(Metrics(record)), Spans(record),
                    Tracing(record), Text(record, "tenantId"))
                {
                    UnreadableSpans = SpanCount(record) - Spans(record).Count,
                },
            "platform.logsDropped" => new PlatformEvent.LogsDropped(
                time, Math.Max(0, Whole(record, "droppedRecords") ?? 0), Math.Max(0, Whole(record, "droppedBytes") ?? 0)),
            "platform.extension" or "platform.telemetrySubscription" => new PlatformEvent.Informational(time, type),
            _ => new PlatformEvent.Unknown(time, type),
        };
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static long? Whole(JsonElement element, string name) =>
        element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.Number ? null
        : value.TryGetInt64(out var whole) ? whole
        : value.TryGetDouble(out var number) && Math.Abs(number) < 9e18 ? (long)Math.Round(number)
        : null;

    /// <summary>A finite, non-negative duration of at most a year, which is longer than any of these can be.</summary>
    private static double? Milliseconds(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
        && value.TryGetDouble(out var number) && number is >= 0 and <= 366d * 86_400_000
            ? number
            : null;

    private static JsonElement Metrics(JsonElement record) =>
        record.ValueKind == JsonValueKind.Object && record.TryGetProperty("metrics", out var metrics) ? metrics : default;

    private static PlatformReportMetrics ReportMetrics(JsonElement metrics) => new(
        Milliseconds(metrics, "durationMs"), Milliseconds(metrics, "billedDurationMs"), Whole(metrics, "memorySizeMB"),
        Whole(metrics, "maxMemoryUsedMB"));

    private static PlatformTracing Tracing(JsonElement record) =>
        record.ValueKind == JsonValueKind.Object && record.TryGetProperty("tracing", out var tracing)
            ? new(Text(tracing, "spanId"), Text(tracing, "value"))
            : default;

    private static int SpanCount(JsonElement record) =>
        record.ValueKind == JsonValueKind.Object && record.TryGetProperty("spans", out var array) && array.ValueKind == JsonValueKind.Array ? array.GetArrayLength() : 0;

    private static List<PlatformSpan> Spans(JsonElement record)
    {
        var spans = new List<PlatformSpan>();
        if (record.ValueKind != JsonValueKind.Object || !record.TryGetProperty("spans", out var array) || array.ValueKind != JsonValueKind.Array)
            return spans;
        foreach (var span in array.EnumerateArray())
            if (Text(span, "name") is { Length: > 0 } name && UnixTime.Read(Text(span, "start")) is { } start
                && Milliseconds(span, "durationMs") is { } duration)
                spans.Add(new(name, start, duration));
        return spans;
    }

    /// <summary>
    /// AWS's "Lambda Telemetry API Event schema reference" shows megabytes, real streams contain bytes. No function has less than 64 KiB.
    /// </summary>
    private static long? MaxMemoryBytes(long? value) => value is > 0 and < 65536 ? value * 1024 * 1024 : value > 0 ? value : null;
}
