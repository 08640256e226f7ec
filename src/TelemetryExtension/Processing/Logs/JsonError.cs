using TelemetryExtension.Otlp;

namespace TelemetryExtension.Processing.Logs;

/// <summary>Exceptions in JSON log records, written as exception.type, .message and .stacktrace, each at most once per record.</summary>
internal ref struct JsonError
{
    private bool _type;
    private bool _stackTrace;
    private bool _message;

    /// <summary>The stack trace as printed, when it was one text.</summary>
    private ReadOnlySpan<byte> _printed;

    /// <summary>The exception's message as printed (the inside of a JSON string), for records without their own message.</summary>
    public ReadOnlySpan<byte> Message { get; private set; }

    public bool MessageEscaped { get; private set; }

    /// <summary>The message as text. Empty when there is none.</summary>
    public readonly ReadOnlySpan<byte> MessageText() => MessageEscaped ? Decode(Message) : Message;

    /// <summary>Takes a string (or, for stack traces, an array of strings) for the key. False leaves the scanner unchanged.</summary>
    public bool TryTake(OtlpWriter writer, LogKey key, ref JsonScanner scanner)
    {
        var next = scanner.Peek();
        if (key == LogKey.StackTrace && next == '[' && !_stackTrace)
            return TryTakeLines(writer, ref scanner);
        if (next != '"' || (key switch { LogKey.ErrorType => _type, LogKey.ErrorMessage => _message, _ => _stackTrace }))
            return false;
        var before = scanner;
        if (!scanner.TryReadString(out var raw, out var escaped))
        {
            scanner = before;
            return false;
        }

        switch (key)
        {
            case LogKey.ErrorType:
                _type = true;
                Write(writer, LogAttributes.ExceptionType, raw, escaped);
                break;
            case LogKey.ErrorMessage:
                _message = true;
                Message = raw;
                MessageEscaped = escaped;
                Write(writer, LogAttributes.ExceptionMessage, raw, escaped);
                break;
            default:
                _stackTrace = true;
                _printed = escaped ? raw : default;
                WriteStackTrace(writer, raw, escaped);
                break;
        }

        return true;
    }

    /// <summary>Takes an exception printed as one text: a stack trace or traceback with its header. Any other text is left.</summary>
    public bool TryTakeText(OtlpWriter writer, ref JsonScanner scanner)
    {
        var before = scanner;
        if (!_stackTrace && scanner.TryReadString(out var raw, out var escaped) && escaped && (raw.IndexOf("\\n"u8) >= 0 || raw.IndexOf("\\r"u8) >= 0)
            && ExceptionText.TryRead(Decode(raw), out _))
        {
            _stackTrace = true;
            _printed = raw;
            WriteStackTrace(writer, raw, escaped);
            return true;
        }

        scanner = before;
        return false;
    }

    /// <summary>Takes type, message and stack out of an object that stays what it is.</summary>
    public void LookInto(OtlpWriter writer, JsonScanner scanner)
    {
        var first = true;
        if (!scanner.TryTake((byte)'{'))
            return;
        while (scanner.TryNext((byte)'}', ref first, out _))
        {
            if (!scanner.TryReadKey(out var name, out var escaped))
                return;
            if (!escaped && LogKeys.OfError(name) is var known and not LogKey.Attribute && TryTake(writer, known, ref scanner))
                continue;
            if (!scanner.TrySkipValue(out _))
                return;
        }
    }

    /// <summary>Adds type and message from the head of the stack trace, when the record has it alone. To be called once, at the end.</summary>
    public void Complete(OtlpWriter writer)
    {
        if (_type || _printed.IsEmpty || !ExceptionText.TryRead(Decode(_printed), out var exception))
            return;
        _type = true;
        writer.Attribute(OtlpFields.LogRecord.Attributes, LogAttributes.ExceptionType, exception.Type);
        if (_message || exception.Message.IsEmpty)
            return;
        _message = true;
        writer.Attribute(OtlpFields.LogRecord.Attributes, LogAttributes.ExceptionMessage, exception.Message);
    }

    private static Span<byte> Decode(ReadOnlySpan<byte> raw)
    {
        var text = new byte[JsonText.Room(raw, out var valid)];
        return text.AsSpan(0, JsonText.Unescape(raw, valid, text));
    }

    /// <summary>
    /// Takes an exception printed as an object. Type, message and stack become attributes of their own, and other members stay under <paramref
    /// name="key"/>. False means broken JSON.
    /// </summary>
    public bool TryTakeObject(JsonValueWriter values, ReadOnlySpan<byte> key, ref JsonScanner scanner)
    {
        var again = scanner;
        var others = false;
        if (!scanner.TryTake((byte)'{'))
            return false;
        var taken = 0L;
        var first = true;
        bool ok;
        for (var i = 0; scanner.TryNext((byte)'}', ref first, out ok); i++)
        {
            if (!scanner.TryReadKey(out var name, out var escaped))
                return false;
            if (i < 63 && !escaped && LogKeys.OfError(name) is var known and not LogKey.Attribute && TryTake(values.Writer, known, ref scanner))
                taken |= 1L << i;
            else if (scanner.TrySkipValue(out _))
                others = true;
            else
                return false;
        }

        return ok && (!others || TryWriteOthers(values, key, ref again, taken));
    }

    private static bool TryWriteOthers(JsonValueWriter values, ReadOnlySpan<byte> key, ref JsonScanner scanner, long taken)
    {
        var writer = values.Writer;
        values.Note(key);
        var attribute = writer.Open(OtlpFields.LogRecord.Attributes, 128);
        writer.Bytes(OtlpFields.KeyValue.Key, key);
        var any = writer.Open(OtlpFields.KeyValue.Value);
        var list = writer.Open(OtlpFields.AnyValue.KvList);
        var keys = values.OpenList();
        scanner.TryTake((byte)'{');
        var first = true;
        bool ok;
        for (var i = 0; scanner.TryNext((byte)'}', ref first, out ok); i++)
        {
            if (!scanner.TryReadKey(out var name, out var escaped))
                return false;
            if (i < 63 && (taken & (1L << i)) != 0)
            {
                scanner.TrySkipValue(out _);
                continue;
            }

            if (!values.TryWriteMember(OtlpFields.AnyValue.Values, name, escaped, ref scanner, 2))
                return false;
        }

        values.CloseList(keys);
        writer.Close(list);
        writer.Close(any);
        writer.Close(attribute);
        return ok;
    }

    /// <summary>An array of lines, joined. Only when all of them are strings.</summary>
    private bool TryTakeLines(OtlpWriter writer, ref JsonScanner scanner)
    {
        var before = scanner;
        var start = writer.Position;
        var attribute = writer.OpenKeyValue(OtlpFields.LogRecord.Attributes, LogAttributes.ExceptionStackTrace);
        var any = writer.Open(OtlpFields.KeyValue.Value, 256);
        var text = writer.Open(OtlpFields.AnyValue.String, 256);
        var from = writer.Position;
        var first = true;
        var ok = scanner.TryTake((byte)'[');
        while (ok && scanner.TryNext((byte)']', ref first, out ok))
        {
            if (!scanner.TryReadString(out var raw, out var escaped))
            {
                ok = false;
                break;
            }

            if (writer.Position > from && writer.Written[^1] != '\n')
                writer.Raw("\n"u8);
            var room = JsonText.Room(raw, out var valid);
            var line = writer.GetSpan(room);
            writer.Advance(StackTraceText.Normalize(line[..JsonText.Unescape(raw, valid, line)]));
        }

        if (!ok)
        {
            scanner = before;
            writer.Rewind(start);
            return false;
        }

        writer.Close(text);
        writer.Close(any);
        writer.Close(attribute);
        return _stackTrace = true;
    }

    private static void WriteStackTrace(OtlpWriter writer, ReadOnlySpan<byte> raw, bool escaped)
    {
        if (!escaped || raw.IndexOf("\\r"u8) < 0)
        {
            Write(writer, LogAttributes.ExceptionStackTrace, raw, escaped);
            return;
        }

        var text = Decode(raw);
        writer.Attribute(OtlpFields.LogRecord.Attributes, LogAttributes.ExceptionStackTrace, text[..StackTraceText.Normalize(text)]);
    }

    private static void Write(OtlpWriter writer, ReadOnlySpan<byte> key, ReadOnlySpan<byte> raw, bool escaped)
    {
        var attribute = writer.Open(OtlpFields.LogRecord.Attributes, raw.Length + key.Length + 8);
        writer.Bytes(OtlpFields.KeyValue.Key, key);
        JsonValueWriter.WriteStringValue(writer, OtlpFields.KeyValue.Value, raw, escaped);
        writer.Close(attribute);
    }
}
