using TelemetryExtension.Configuration;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.Redaction;

namespace TelemetryExtension.Processing.Shaping;

/// <summary>Leaves out log records by severity, text and rate. The rate counts only records that pass the other two.</summary>
internal sealed class LogFilter(LogFilterOptions options) : IRecordFilter
{
    private readonly TextBuffer _buffer = new();
    private readonly RecordRate? _rate = options.PerSecond > 0 ? new(options.PerSecond) : null;

    public RecordVerdict Judge(Signal signal, ReadOnlySpan<byte> record) =>
        signal is Signal.Logs && !Stays(record) ? RecordVerdict.Filtered : RecordVerdict.Keep;

    private bool Stays(ReadOnlySpan<byte> record)
    {
        var (severity, time, observed) = (0UL, 0UL, 0UL);
        ReadOnlySpan<byte> text = default;
        ReadOnlySpan<byte> eventName = default;
        var reader = new ProtobufReader(record);
        while (reader.TryReadTag(out var field, out var type))
        {
            var read = (field, type) switch
            {
                (OtlpFields.LogRecord.SeverityNumber, WireType.Varint) => reader.TryReadVarint(out severity),
                (OtlpFields.LogRecord.Time, WireType.Fixed64) => reader.TryReadFixed64(out time),
                (OtlpFields.LogRecord.ObservedTime, WireType.Fixed64) => reader.TryReadFixed64(out observed),
                (OtlpFields.LogRecord.EventName, WireType.LengthDelimited) => reader.TryReadBytes(out eventName),
                (OtlpFields.LogRecord.Body, WireType.LengthDelimited) => TryReadText(ref reader, ref text),
                _ => reader.TrySkip(type),
            };
            if (!read)
                break;
        }

        return (severity == 0 || severity >= (ulong)options.MinSeverity)
            && (options.ReportLines || !IsReportLine(text, eventName))
            && !MatchesDrop(text)
            && (_rate?.TryAdmit(time != 0 ? time : observed) ?? true);
    }

    private static bool TryReadText(ref ProtobufReader reader, ref ReadOnlySpan<byte> text)
    {
        if (!reader.TryReadBytes(out var body))
            return false;
        if (new ProtobufReader(body).TryFind(OtlpFields.AnyValue.String, out var found))
            text = found;
        return true;
    }

    private bool MatchesDrop(ReadOnlySpan<byte> text)
    {
        if (options.Drop.Count == 0 || text.IsEmpty)
            return false;
        var characters = _buffer.Decode(text);
        foreach (var pattern in options.Drop)
            if (pattern.IsMatch(characters))
                return true;
        return false;
    }

    private static bool IsReportLine(ReadOnlySpan<byte> text, ReadOnlySpan<byte> eventName) =>
        eventName.SequenceEqual("platform.start"u8) || eventName.SequenceEqual("platform.runtimeDone"u8) || eventName.SequenceEqual("platform.report"u8)
        || text.StartsWith("START RequestId: "u8) || text.StartsWith("END RequestId: "u8) || text.StartsWith("REPORT RequestId: "u8);
}
