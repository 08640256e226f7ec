using System.Buffers.Text;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.Invocations;

namespace TelemetryExtension.Processing.Logs;

/// <summary>
/// Writes the fields of a LogRecord from a JSON object in one pass. The message becomes the body, and an object stays an object. Level, time, ids and
/// exception become fields of the record. All other members become attributes with their types. A member with an unexpected type, such as a level
/// that is an object, becomes an ordinary attribute. Without a message the body is the exception's message, or else the exact JSON.
/// </summary>
internal ref struct JsonRecord
{
    private readonly JsonValueWriter _values;
    private readonly OtlpWriter _writer;
    private readonly IInvocationLookup _invocations;
    private readonly LogOrigin _origin;
    private readonly LogLine _line;
    private readonly ReadOnlySpan<byte> _prefixId;
    private Correlation _correlation;
    private JsonError _error;
    private long _time;
    private bool _hasLevel;
    private byte _severity;
    private bool _hasBody;
    private bool _isLabelled;
    private bool _hasErrorType;
    private JsonScanner _execution;
    private JsonScanner _template;
    private ReadOnlySpan<byte> _templateKey;
    private bool _hasRequestId;

    private JsonRecord(JsonValueWriter values, in LogOrigin origin, in LogLine line, ReadOnlySpan<byte> prefixId, IInvocationLookup invocations)
    {
        _values = values;
        _writer = values.Writer;
        _invocations = invocations;
        _origin = origin;
        _line = line;
        _prefixId = prefixId;
        _hasRequestId = !prefixId.IsEmpty;
        _correlation = Correlation.Of(prefixId, origin.Open, invocations);
    }

    /// <param name="values">Started for this record.</param>
    /// <param name="line">The fields of the text prefix in front of the object; default without one.</param>
    /// <param name="text">The text that contains the object.</param>
    /// <returns>False when it is not one JSON object. The bytes written so far are then invalid.</returns>
    public static bool TryWrite(
        JsonValueWriter values, ReadOnlySpan<byte> json, in LogOrigin origin, in LogLine line, ReadOnlySpan<byte> text, IInvocationLookup invocations)
    {
        var record = new JsonRecord(values, origin, line, line.RequestId.Of(text), invocations);
        if (!(IsEmbeddedMetrics(json) ? record.TryWriteUntouched(json) : record.TryWriteMembers(json)))
            return false;
        if (!record._hasLevel && line.Severity != 0)
            TextRecord.WriteSeverity(values.Writer, text, line);

        record._correlation.Write(values.Writer);
        origin.Write(values.Writer, record._time != 0 ? record._time : origin.Time(line.TimeUnixNano, line.HasZone));
        return true;
    }

    /// <summary>CloudWatch's embedded metric format has a root member named _aws.</summary>
    private static bool IsEmbeddedMetrics(ReadOnlySpan<byte> json)
    {
        if (json.IndexOf("\"_aws\""u8) < 0)
            return false;
        var scanner = new JsonScanner(json);
        var first = true;
        scanner.TryTake((byte)'{');
        while (scanner.TryNext((byte)'}', ref first, out _))
        {
            if (!scanner.TryReadKey(out var key, out _))
                return false;
            if (key.SequenceEqual("_aws"u8))
                return true;
            if (!scanner.TrySkipValue(out _))
                return false;
        }

        return false;
    }

    private readonly bool TryWriteUntouched(ReadOnlySpan<byte> json)
    {
        var scanner = new JsonScanner(json);
        if (!scanner.TrySkipValue(out var exact) || scanner.Peek() != 0)
            return false;
        JsonValueWriter.WriteText(_writer, OtlpFields.LogRecord.Body, exact);
        return true;
    }

    private bool TryWriteMembers(ReadOnlySpan<byte> json)
    {
        var scanner = new JsonScanner(json);
        if (!scanner.TryTake((byte)'{'))
            return false;
        var first = true;
        bool ok;
        while (scanner.TryNext((byte)'}', ref first, out ok))
        {
            if (!scanner.TryReadKey(out var key, out var escaped))
                return false;
            var known = escaped ? LogKey.Attribute : LogKeys.Of(key);
            if (known != LogKey.Attribute && TryTake(known, key, ref scanner, out var broken))
            {
                if (broken)
                    return false;
                continue;
            }

            if (!_values.TryWriteMember(OtlpFields.LogRecord.Attributes, key, escaped, ref scanner))
                return false;
        }

        if (!ok || scanner.Peek() != 0)
            return false;
        _error.Complete(_writer);
        WriteTemplate();
        TellExecution();
        WriteFailure();
        if (!_hasBody && !_error.Message.IsEmpty)
            JsonValueWriter.WriteStringValue(_writer, OtlpFields.LogRecord.Body, _error.Message, _error.MessageEscaped);
        else if (!_hasBody)
            JsonValueWriter.WriteText(_writer, OtlpFields.LogRecord.Body, json);
        return true;
    }

    /// <summary>
    /// An exception that the function did not handle. Node's runtime labels it. Python's has no message beside the exception's. Of the ids found so far
    /// one is the request's, because the runtimes print it first.
    /// </summary>
    private readonly void WriteFailure()
    {
        if (!_hasErrorType || !(_isLabelled || !_hasBody) || _severity is not (0 or Severity.Error) || _error.Message.IsEmpty)
            return;
        if (_severity == 0)
            _writer.Varint(OtlpFields.LogRecord.SeverityNumber, Severity.Error);
        _writer.Bytes(OtlpFields.LogRecord.EventName, LogAttributes.InvocationException);
        if (_correlation.Invocation is { } invocation)
            _invocations.OnFailure(invocation, _error.MessageText());
    }

    /// <summary>Takes a member with a known meaning. False leaves the scanner unchanged, so that the member becomes an attribute.</summary>
    private bool TryTake(LogKey known, ReadOnlySpan<byte> key, ref JsonScanner scanner, out bool broken)
    {
        broken = false;
        switch (known)
        {
            case LogKey.Message when !_hasBody:
                _hasBody = true;
                _isLabelled = IsLabelled(scanner);
                broken = !_values.TryWrite(OtlpFields.LogRecord.Body, ref scanner);
                return true;
            case LogKey.ErrorType or LogKey.ErrorMessage or LogKey.StackTrace:
                _hasErrorType |= known == LogKey.ErrorType;
                return _error.TryTake(_writer, known, ref scanner);
            case LogKey.Error when scanner.Peek() == '{':
                broken = !_error.TryTakeObject(_values, key, ref scanner);
                return true;
            case LogKey.Error when scanner.Peek() == '"':
                return _error.TryTakeText(_writer, ref scanner);
            case LogKey.Template when _templateKey.IsEmpty && scanner.Peek() == '"':
                _template = scanner;
                _templateKey = key;
                broken = !scanner.TrySkipValue(out _);
                return true;
            case LogKey.Message or LogKey.Error or LogKey.Template:
                return false;
            case LogKey.DurableExecution:
                _execution = scanner;
                return false;
            case LogKey.Fields or LogKey.TraceObject or LogKey.SpanObject or LogKey.Record or LogKey.Context or LogKey.Instant:
                LookInside(known, scanner);
                return false;
        }

        var before = scanner;
        var quoted = scanner.Peek() == '"';
        var escaped = false;
        if ((quoted ? scanner.TryReadString(out var value, out escaped) : scanner.TryReadScalar(out value)) && !escaped && TryTakeScalar(known, value, quoted))
            return true;
        scanner = before;
        return false;
    }

    private void TellExecution()
    {
        if (_correlation.Invocation is { DurableExecutionUtf8: null } invocation && _execution.Peek() == '"' && _execution.TryReadString(out var arn, out var escaped) && !escaped
            && arn.IndexOf(DurableExecutions.Marker) >= 0 && System.Text.Encoding.UTF8.GetString(arn) is var text && DurableExecutions.IsArn(text))
            _invocations.OnDurableExecution(invocation, text);
    }

    private static bool IsLabelled(JsonScanner scanner) =>
        scanner.Peek() == '"' && scanner.TryTake((byte)'"') && UnhandledException.IsLabel(scanner.Rest);

    /// <summary>Takes the record's fields from inside an object. The object itself stays an attribute.</summary>
    private void LookInside(LogKey known, JsonScanner scanner)
    {
        var first = true;
        var (seconds, nanos) = (0L, 0L);
        if (scanner.Peek() != '{' || !scanner.TryTake((byte)'{'))
            return;
        while (scanner.TryNext((byte)'}', ref first, out _))
        {
            if (!scanner.TryReadKey(out var key, out _))
                return;
            var before = scanner;
            var inner = known switch
            {
                LogKey.TraceObject => key.SequenceEqual("id"u8) ? LogKey.TraceId : LogKey.Attribute,
                LogKey.SpanObject => key.SequenceEqual("id"u8) ? LogKey.SpanId : LogKey.Attribute,
                LogKey.Fields => key.SequenceEqual("message"u8) ? LogKey.Message : LogKey.Attribute,
                LogKey.Level => key.SequenceEqual("name"u8) ? LogKey.Level : LogKey.Attribute,
                LogKey.Time => key.SequenceEqual("timestamp"u8) ? LogKey.Time : LogKey.Attribute,
                _ => LogKeys.Of(key),
            };
            if (known == LogKey.Instant)
                _ = (key.SequenceEqual("epochSecond"u8) && scanner.TryReadScalar(out var number) && Utf8Parser.TryParse(number, out seconds, out _))
                    || (key.SequenceEqual("nanoOfSecond"u8) && scanner.TryReadScalar(out number) && Utf8Parser.TryParse(number, out nanos, out _));
            else
                TakeInner(known, inner, scanner);
            scanner = before;
            if (!scanner.TrySkipValue(out _))
                return;
        }

        if (seconds is > 0 and < 7_258_118_400 && nanos is >= 0 and < 1_000_000_000 && _time == 0 && LogTime.IsPlausible((seconds * 1_000_000_000) + nanos, true, _origin.Reference))
            _time = (seconds * 1_000_000_000) + nanos;
    }

    private void TakeInner(LogKey known, LogKey inner, JsonScanner scanner)
    {
        var next = scanner.Peek();
        if (inner == LogKey.Message && known is LogKey.Fields or LogKey.Record && !_hasBody && next == '"' && scanner.TryReadString(out var text, out var escaped))
        {
            _hasBody = true;
            JsonValueWriter.WriteStringValue(_writer, OtlpFields.LogRecord.Body, text, escaped);
        }
        else if (inner == LogKey.Error && known is LogKey.Context or LogKey.Record && next == '{')
        {
            _error.LookInto(_writer, scanner);
        }
        else if (known == LogKey.Record && inner is LogKey.Level or LogKey.Time && next == '{')
        {
            LookInside(inner, scanner);
        }
        else if (IsInnerField(known, inner) && (next == '"' ? scanner.TryReadString(out text, out escaped) && !escaped : scanner.TryReadScalar(out text)))
        {
            TryTakeScalar(inner, text, next == '"');
        }
    }

    /// <summary>Which fields of the record an object of that kind may hold. A level or a time in it is data of the application, except in its own.</summary>
    private static bool IsInnerField(LogKey known, LogKey inner) => known switch
    {
        LogKey.Level or LogKey.Time => inner == known,
        LogKey.TraceObject or LogKey.SpanObject => inner is LogKey.TraceId or LogKey.SpanId,
        LogKey.Context => inner is LogKey.TraceId or LogKey.SpanId or LogKey.RequestId or LogKey.LambdaRequestId,
        _ => false,
    };

    /// <summary>The body of a record without a message of its own. Otherwise it is an attribute.</summary>
    private void WriteTemplate()
    {
        if (_templateKey.IsEmpty || !_template.TryReadString(out var text, out var escaped))
            return;
        if (!_hasBody)
        {
            _hasBody = true;
            JsonValueWriter.WriteStringValue(_writer, OtlpFields.LogRecord.Body, text, escaped);
            return;
        }

        _values.Note(_templateKey);
        var attribute = _writer.Open(OtlpFields.LogRecord.Attributes);
        _writer.Bytes(OtlpFields.KeyValue.Key, _templateKey);
        JsonValueWriter.WriteStringValue(_writer, OtlpFields.KeyValue.Value, text, escaped);
        _writer.Close(attribute);
    }

    private bool TryTakeScalar(LogKey known, ReadOnlySpan<byte> value, bool quoted) => known switch
    {
        LogKey.Level => TryTakeLevel(value, quoted),
        LogKey.Time => TryTakeTime(value, quoted),
        LogKey.TraceId => quoted && _correlation.TrySetTraceId(value),
        LogKey.SpanId => quoted && _correlation.TrySetSpanId(value),
        _ => quoted && TryTakeRequestId(known, value),
    };

    private bool TryTakeLevel(ReadOnlySpan<byte> value, bool quoted)
    {
        if (_hasLevel || value.Length is 0 or > 32 || !System.Text.Ascii.IsValid(value))
            return false;
        var number = Severity.Unspecified;
        if (quoted)
            number = Severity.Of(value);
        else if (!Utf8Parser.TryParse(value, out long level, out _) || (number = Severity.OfNumber(level)) == 0)
            return false;
        _hasLevel = true;
        _severity = number;
        if (number != 0)
            _writer.Varint(OtlpFields.LogRecord.SeverityNumber, number);
        _writer.Bytes(OtlpFields.LogRecord.SeverityText, quoted ? value : Severity.NameOf(number));
        return true;
    }

    private bool TryTakeTime(ReadOnlySpan<byte> value, bool quoted)
    {
        var hasZone = true;
        long time;
        if (_time != 0 || !(quoted ? UnixTimeText.TryRead(value, out time, out var length, out hasZone) && length == value.Length : LogTime.TryReadNumber(value, out time))
            || !LogTime.IsPlausible(time, hasZone, _origin.Reference))
            return false;
        _time = time;
        return true;
    }

    private bool TryTakeRequestId(LogKey known, ReadOnlySpan<byte> value)
    {
        if (!LogLineReader.IsRequestId(value))
            return false;
        if (_hasRequestId)
            return value.SequenceEqual(_prefixId);
        var found = Correlation.Find(value, _origin.Open, _invocations);
        if (found is null && (known != LogKey.LambdaRequestId || !System.Text.Ascii.IsValid(value)))
            return false;
        _correlation.Invocation = found;
        _correlation.UnknownRequestId = value;
        return _hasRequestId = true;
    }
}
