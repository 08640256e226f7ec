using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.Invocations;

namespace TelemetryExtension.Processing.Logs;

/// <summary>Writes the fields of a LogRecord from a text line or from joined lines.</summary>
internal static class TextRecord
{
    /// <param name="text">Valid UTF-8.</param>
    public static void Write(
        OtlpWriter writer, ReadOnlySpan<byte> text, in LogOrigin origin, in LogLine line, InvocationContext? invocation, IInvocationLookup? invocations)
    {
        var message = text[line.Message..];
        WriteSeverity(writer, text, line);
        writer.StringValue(OtlpFields.LogRecord.Body, message);
        var failure = WriteException(writer, message, line);
        if (!failure.IsEmpty && invocation is not null)
            invocations?.OnFailure(invocation, failure);
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

    /// <summary>Returns the message of an exception that the function did not handle, or of the runtime's exit. Otherwise nothing.</summary>
    private static ReadOnlySpan<byte> WriteException(OtlpWriter writer, ReadOnlySpan<byte> message, in LogLine line)
    {
        if (line.Shape == LogLineShape.Crash)
            return WriteCrash(writer, message);
        ExceptionText exception = default;
        var hasLines = message.ContainsAny((byte)'\n', (byte)'\r');
        var isUncaught = line.Shape == LogLineShape.Uncaught && IsUncaught(message, hasLines, out exception);
        if (isUncaught || (hasLines && ExceptionText.TryRead(message, out exception)))
        {
            Write(writer, exception.Type, exception.Message, exception.StackTrace);
            if (isUncaught)
                writer.Bytes(OtlpFields.LogRecord.EventName, LogAttributes.InvocationException);
            return isUncaught ? exception.Message : default;
        }

        return line.Severity >= Severity.Error && message.EndsWith("}"u8) && message.IndexOf("\t{\"errorType\":"u8) is var tab and >= 0
            ? WriteReported(writer, message, tab)
            : default;
    }

    /// <summary>A logger with the same prefix prints Python's whole traceback, of which the last line names the exception. The function caught that one.</summary>
    private static bool IsUncaught(ReadOnlySpan<byte> message, bool hasLines, out ExceptionText exception)
    {
        if (hasLines && ExceptionText.HasTraceback(message))
            return ExceptionText.TryReadUncaught(message, out exception);
        return (hasLines && ExceptionText.TryRead(message, out exception)) || ExceptionText.TryReadHeader(message, out exception);
    }

    /// <summary><c>Error: Runtime exited with error: exit status 1\nRuntime.ExitError</c></summary>
    private static ReadOnlySpan<byte> WriteCrash(OtlpWriter writer, ReadOnlySpan<byte> message)
    {
        var newline = message.IndexOf((byte)'\n');
        if (newline < 0)
            return default;
        var said = message[..newline];
        if (said.StartsWith("Error: "u8))
            said = said["Error: ".Length..];
        Write(writer, message[(newline + 1)..], said, default);
        return said;
    }

    /// <summary>Node's <c>Invoke Error \t{"errorType":...,"errorMessage":...,"stack":[...]}</c>.</summary>
    private static ReadOnlySpan<byte> WriteReported(OtlpWriter writer, ReadOnlySpan<byte> message, int tab)
    {
        var start = writer.Position;
        var scanner = new JsonScanner(message[(tab + 1)..]);
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
        if (!ok || !UnhandledException.IsLabel(message[..tab]))
            return default;
        writer.Bytes(OtlpFields.LogRecord.EventName, LogAttributes.InvocationException);
        return error.MessageText();
    }

    private static void Write(OtlpWriter writer, ReadOnlySpan<byte> type, ReadOnlySpan<byte> message, ReadOnlySpan<byte> stackTrace)
    {
        writer.Attribute(OtlpFields.LogRecord.Attributes, LogAttributes.ExceptionType, type);
        if (!message.IsEmpty)
            writer.Attribute(OtlpFields.LogRecord.Attributes, LogAttributes.ExceptionMessage, message);
        if (!stackTrace.IsEmpty)
            WriteStackTrace(writer, stackTrace);
    }

    private static void WriteStackTrace(OtlpWriter writer, ReadOnlySpan<byte> printed)
    {
        var attribute = writer.OpenKeyValue(OtlpFields.LogRecord.Attributes, LogAttributes.ExceptionStackTrace);
        var any = writer.Open(OtlpFields.KeyValue.Value, printed.Length + 4);
        var text = writer.Open(OtlpFields.AnyValue.String, printed.Length);
        var room = writer.GetSpan(printed.Length)[..printed.Length];
        printed.CopyTo(room);
        writer.Advance(StackTraceText.Normalize(room));
        writer.Close(text);
        writer.Close(any);
        writer.Close(attribute);
    }
}
