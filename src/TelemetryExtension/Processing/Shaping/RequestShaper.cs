using TelemetryExtension.Otlp;

namespace TelemetryExtension.Processing.Shaping;

internal enum RecordVerdict : byte
{
    Keep,

    /// <summary>Sampling leaves out its trace.</summary>
    Sampled,

    /// <summary>A setting leaves it out.</summary>
    Filtered,
}

/// <summary>Decides whether a record of a request stays. The first filter that leaves the record out ends the question.</summary>
internal interface IRecordFilter
{
    /// <param name="record">A serialized Span, LogRecord or Metric.</param>
    RecordVerdict Judge(Signal signal, ReadOnlySpan<byte> record);
}

/// <summary>The new request, and the number of records by outcome. <see cref="Body"/> is null when no record is left.</summary>
internal readonly record struct ShapedRequest(byte[]? Body, int Kept, int Sampled, int Filtered, int Redacted);

/// <summary>
/// Rewrites requests: it omits the records that filters leave out, and the editor changes the others. It also omits scopes and resources without
/// records. Only for requests that <see cref="OtlpRequestValidator"/> accepts. One caller at a time.
/// </summary>
internal sealed class RequestShaper(IReadOnlyList<IRecordFilter> filters, IMessageEditor? editor = null) : IDisposable
{
    private const int LargestKeptBuffer = 1024 * 1024;

    private readonly OtlpWriter _writer = new();
    private ShapedRequest _result;
    private Signal _signal;

    /// <summary>Whether only a filter passed to <see cref="Shape"/> can change a request.</summary>
    public bool ChangesNothing => filters.Count == 0 && editor is null;

    /// <param name="first">A filter for this request alone. It runs before the others.</param>
    public ShapedRequest Shape(Signal signal, ReadOnlySpan<byte> request, IRecordFilter? first = null)
    {
        (_result, _signal) = (default, signal);
        _writer.Clear();
        var reader = new ProtobufReader(request);
        for (var start = 0; reader.TryReadTag(out var number, out var type); start = reader.Position)
        {
            if (number == OtlpFields.RequestResources && type is WireType.LengthDelimited && reader.TryReadBytes(out var item))
                WriteResource(item, first);
            else if (reader.TrySkip(type))
                _writer.Raw(request[start..reader.Position]);
        }

        if (_result.Kept > 0)
            _result = _result with { Body = _writer.ToArray() };
        _writer.Clear();
        _writer.Trim(LargestKeptBuffer);
        return _result;
    }

    public void Dispose() => _writer.Dispose();

    /// <param name="item">A serialized ResourceSpans, ResourceLogs or ResourceMetrics.</param>
    private void WriteResource(ReadOnlySpan<byte> item, IRecordFilter? first)
    {
        var (start, kept) = (_writer.Position, _result.Kept);
        var mark = _writer.Open(OtlpFields.RequestResources, item.Length);
        var hasResource = false;
        var reader = new ProtobufReader(item);
        for (var from = 0; reader.TryReadTag(out var number, out var type); from = reader.Position)
        {
            if (type is not WireType.LengthDelimited || number is not (OtlpFields.ResourceScope.Resource or OtlpFields.ResourceScope.Scopes))
            {
                reader.TrySkip(type);
                _writer.Raw(item[from..reader.Position]);
                continue;
            }

            reader.TryReadBytes(out var value);
            if (number == OtlpFields.ResourceScope.Scopes)
            {
                WriteScope(value, first);
                continue;
            }

            hasResource = true;
            Write(OtlpMessage.Resource, OtlpFields.ResourceScope.Resource, value);
        }

        // A sender may omit the resource, but the settings may add attributes to it.
        if (!hasResource && editor is not null)
            Write(OtlpMessage.Resource, OtlpFields.ResourceScope.Resource, default);
        if (_result.Kept == kept)
            _writer.Rewind(start);
        else
            _writer.Close(mark);
    }

    private void WriteScope(ReadOnlySpan<byte> scope, IRecordFilter? first)
    {
        var (start, kept) = (_writer.Position, _result.Kept);
        var mark = _writer.Open(OtlpFields.ResourceScope.Scopes, scope.Length);
        var reader = new ProtobufReader(scope);
        for (var from = 0; reader.TryReadTag(out var number, out var type); from = reader.Position)
        {
            if (number == OtlpFields.Scope.Items && type is WireType.LengthDelimited && reader.TryReadBytes(out var record))
                WriteRecord(record, first);
            else if (number == OtlpFields.Scope.InstrumentationScope && type is WireType.LengthDelimited && reader.TryReadBytes(out var instrumentation))
                Write(OtlpMessage.Scope, number, instrumentation);
            else if (reader.TrySkip(type))
                _writer.Raw(scope[from..reader.Position]);
        }

        if (_result.Kept == kept)
            _writer.Rewind(start);
        else
            _writer.Close(mark);
    }

    private void WriteRecord(ReadOnlySpan<byte> record, IRecordFilter? first)
    {
        var records = _signal is Signal.Metrics ? OtlpRecordCount.Of(OtlpMessage.Metric, record) : 1;
        switch (Judge(record, first))
        {
            case RecordVerdict.Sampled:
                _result = _result with { Sampled = _result.Sampled + records };
                break;
            case RecordVerdict.Filtered:
                _result = _result with { Filtered = _result.Filtered + records };
                break;
            default:
                _result = _result with { Kept = _result.Kept + records };
                Write(MessageOf(_signal), OtlpFields.Scope.Items, record);
                break;
        }
    }

    private RecordVerdict Judge(ReadOnlySpan<byte> record, IRecordFilter? first)
    {
        var verdict = first?.Judge(_signal, record) ?? RecordVerdict.Keep;
        for (var i = 0; i < filters.Count && verdict is RecordVerdict.Keep; i++)
            verdict = filters[i].Judge(_signal, record);
        return verdict;
    }

    private void Write(OtlpMessage message, int field, ReadOnlySpan<byte> bytes)
    {
        if (editor is null)
        {
            _writer.Bytes(field, bytes);
            return;
        }

        var mark = _writer.Open(field, bytes.Length);
        _result = _result with { Redacted = _result.Redacted + editor.Write(_writer, message, bytes) };
        _writer.Close(mark);
    }

    private static OtlpMessage MessageOf(Signal signal) => signal switch
    {
        Signal.Traces => OtlpMessage.Span,
        Signal.Metrics => OtlpMessage.Metric,
        _ => OtlpMessage.LogRecord,
    };
}
