using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.Invocations;

namespace TelemetryExtension.Processing.Logs;

/// <summary>Writes the fields of a LogRecord from a text line or from joined lines.</summary>
internal static class TextRecord
{
    /// <param name="text">Valid UTF-8.</param>
    public static void Write(OtlpWriter writer, ReadOnlySpan<byte> text, in LogOrigin origin, in LogLine line, InvocationContext? invocation)
    {
        var message = text[line.Message..];
        WriteSeverity(writer, text, line);
        writer.StringValue(OtlpFields.LogRecord.Body, message);
        WriteException(writer, message, line);
        var correlation = new Correlation { Invocation = invocation, UnknownRequestId = line.RequestId.Of(text) };
        correlation.Write(writer);
        origin.Write(writer, origin.Time(line.TimeUnixNano, line.HasZone));
    }

    public static void WriteSeverity(OtlpWriter writer, ReadOnlySpan<byte> text, in LogLine line)
    {
        if (line.Severity != 0)
            writer.Varint(OtlpFields.LogRecord.SeverityNumber, line.Severity);
        var level = line.Level.Length > 0 ? line.Level.Of(text) : Severity.NameOf(line.Severity);
        if (!level.IsEmpty)
            writer.Bytes(OtlpFields.LogRecord.SeverityText, level);
    }

    private static void WriteException(OtlpWriter writer, ReadOnlySpan<byte> message, in LogLine line)
    {
        if (line.Shape == LogLineShape.Crash)
            WriteCrash(writer, message);
        else if (message.Contains((byte)'\n') && ExceptionText.TryRead(message, out var exception))
            Write(writer, exception.Type, exception.Message, exception.StackTrace);
        else if (line.Shape == LogLineShape.Uncaught && ExceptionText.TryReadHeader(message, out var uncaught))
            Write(writer, uncaught.Type, uncaught.Message, default);
        else if (line.Severity >= Severity.Error && message.EndsWith("}"u8) && message.IndexOf("\t{\"errorType\":"u8) is var tab and >= 0)
            WriteReported(writer, message[(tab + 1)..]);
    }

    /// <summary><c>Error: Runtime exited with error: exit status 1\nRuntime.ExitError</c></summary>
    private static void WriteCrash(OtlpWriter writer, ReadOnlySpan<byte> message)
    {
        var newline = message.IndexOf((byte)'\n');
        if (newline < 0)
            return;
        var said = message[..newline];
        Write(writer, message[(newline + 1)..], said.StartsWith("Error: "u8) ? said["Error: ".Length..] : said, default);
    }

    /// <summary>Node's <c>Invoke Error \t{"errorType":...,"errorMessage":...,"stack":[...]}</c>.</summary>
    private static void WriteReported(OtlpWriter writer, ReadOnlySpan<byte> json)
    {
        var start = writer.Position;
        var scanner = new JsonScanner(json);
        var error = default(JsonError);
        var first = true;
        var ok = scanner.TryTake((byte)'{');
        while (ok && scanner.TryNext((byte)'}', ref first, out ok))
        {
            if (!scanner.TryReadKey(out var key, out _))
                ok = false;
            else if (LogKeys.Of(key) is not (LogKey.ErrorType or LogKey.ErrorMessage or LogKey.StackTrace) || !error.TryTake(writer, LogKeys.Of(key), ref scanner))
                ok = scanner.TrySkipValue(out _);
        }

        if (!ok)
            writer.Rewind(start);
    }

    private static void Write(OtlpWriter writer, ReadOnlySpan<byte> type, ReadOnlySpan<byte> message, ReadOnlySpan<byte> stackTrace)
    {
        writer.Attribute(OtlpFields.LogRecord.Attributes, LogAttributes.ExceptionType, type);
        if (!message.IsEmpty)
            writer.Attribute(OtlpFields.LogRecord.Attributes, LogAttributes.ExceptionMessage, message);
        if (!stackTrace.IsEmpty)
            writer.Attribute(OtlpFields.LogRecord.Attributes, LogAttributes.ExceptionStackTrace, stackTrace);
    }
}
