using System.Buffers.Text;
using System.Text;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.Invocations;

namespace TelemetryExtension.Processing.Logs;

/// <summary>
/// A platform event as a log record. Its type is event name and body, its fields are attributes, and its severity is the level of Lambda's own JSON
/// system log (Telemetry API schema reference, levels). The body of platform.logsDropped is a sentence for people.
/// </summary>
internal static class PlatformRecord
{
    /// <param name="values">Started for this record.</param>
    /// <param name="envelope"><c>{"time":...,"type":"platform...","record":{...}}</c></param>
    public static bool TryWrite(JsonValueWriter values, ReadOnlySpan<byte> envelope, in LogOrigin origin, IInvocationLookup invocations)
    {
        var writer = values.Writer;
        if (!TryFind(envelope, "type"u8, out var quotedType) || quotedType.Length < 3 || quotedType[0] != '"' || !Ascii.IsValid(quotedType))
            return false;
        var type = quotedType[1..^1];
        if (!TryFind(envelope, "record"u8, out var record) || record[0] != '{')
            record = "{}"u8;
        var severity = SeverityOf(type, record);
        writer.Varint(OtlpFields.LogRecord.SeverityNumber, severity);
        writer.Bytes(OtlpFields.LogRecord.SeverityText, Severity.NameOf(severity));
        if (type.SequenceEqual("platform.logsDropped"u8))
            WriteDropped(writer, record);
        else
            writer.StringValue(OtlpFields.LogRecord.Body, type);
        if (!TryWriteFields(values, record))
            return false;
        var requestId = TryFind(record, "requestId"u8, out var id) && id.Length > 2 && id[0] == '"' && Ascii.IsValid(id) ? id[1..^1] : default;
        // Events without a request id do not belong to the open invocation: a report arrives while the next invocation runs.
        Correlation.Of(requestId, requestId.IsEmpty ? null : origin.Open, invocations).Write(writer);
        origin.Write(writer, origin.Reference);
        writer.Bytes(OtlpFields.LogRecord.EventName, type);
        return true;
    }

    private static byte SeverityOf(ReadOnlySpan<byte> type, ReadOnlySpan<byte> record)
    {
        var failed = TryFind(record, "status"u8, out var status) && !status.SequenceEqual("\"success\""u8);
        if (type.SequenceEqual("platform.logsDropped"u8))
            return Severity.Warn;
        if (type.SequenceEqual("platform.initStart"u8) || type.SequenceEqual("platform.restoreStart"u8))
            return TryFind(record, "runtimeVersion"u8, out _) ? Severity.Info : Severity.Debug;
        if (failed)
            return Severity.Warn;
        if (type.EndsWith("untimeDone"u8))
            return Severity.Debug;
        return type.SequenceEqual("platform.initReport"u8) && TryFind(record, "initializationType"u8, out var how) && how.SequenceEqual("\"on-demand\""u8)
            ? Severity.Debug
            : Severity.Info;
    }

    private static void WriteDropped(OtlpWriter writer, ReadOnlySpan<byte> record)
    {
        var any = writer.Open(OtlpFields.LogRecord.Body, 64);
        var text = writer.Open(OtlpFields.AnyValue.String, 64);
        writer.Raw("Lambda dropped "u8);
        WriteCount(writer, record, "droppedRecords"u8);
        writer.Raw(" log records ("u8);
        WriteCount(writer, record, "droppedBytes"u8);
        writer.Raw(" bytes) before they reached the extension"u8);
        writer.Close(text);
        writer.Close(any);
    }

    private static void WriteCount(OtlpWriter writer, ReadOnlySpan<byte> record, ReadOnlySpan<byte> key) =>
        writer.Raw(TryFind(record, key, out var number) && Utf8Parser.TryParse(number, out long _, out var consumed) && consumed == number.Length ? number : "?"u8);

    private static bool TryWriteFields(JsonValueWriter values, ReadOnlySpan<byte> record)
    {
        var scanner = new JsonScanner(record);
        var first = true;
        bool ok;
        scanner.TryTake((byte)'{');
        while (scanner.TryNext((byte)'}', ref first, out ok))
        {
            if (!scanner.TryReadKey(out var key, out var escaped))
                return false;
            if (key.SequenceEqual("requestId"u8) && scanner.Peek() == '"')
            {
                if (!scanner.TrySkipValue(out _))
                    return false;
                continue;
            }

            if (!values.TryWriteMember(OtlpFields.LogRecord.Attributes, key, escaped, ref scanner))
                return false;
        }

        return ok;
    }

    /// <summary>The exact text of a member's value.</summary>
    private static bool TryFind(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        value = default;
        var scanner = new JsonScanner(json);
        var first = true;
        if (!scanner.TryTake((byte)'{'))
            return false;
        while (scanner.TryNext((byte)'}', ref first, out _))
        {
            if (!scanner.TryReadKey(out var key, out _) || !scanner.TrySkipValue(out value))
                return false;
            if (key.SequenceEqual(name))
                return true;
        }

        return false;
    }
}
