using System.Text;
using TelemetryExtension.Buffering;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Resources;
using TelemetryExtension.Processing.SemanticConventions;

namespace TelemetryExtension.Processing.Logs;

/// <summary>
/// Encodes log items as ExportLogsServiceRequests, directly from their JSON, with no allocation per record. It holds one text record until the next
/// item shows that it is complete (<see cref="StackTraceLines"/>). So it joins lines within one drain of the channel, and nothing waits beyond <see
/// cref="Flush"/>. A record of joined lines counts as all of them. Not thread-safe.
/// </summary>
/// <param name="sink">Takes each finished payload.</param>
/// <param name="maxBytes">
/// The size at which a payload is closed. Only a single record can exceed it. Requests are merged from payloads later, so larger payloads would only
/// cost memory.
/// </param>
/// <param name="lost">Gets the number of records that could not be written after they were accepted.</param>
internal sealed class LogEncoder(Action<OtlpPayload> sink, TimeProvider time, int maxBytes = 240_000, Action<int>? lost = null) : IDisposable
{
    private static readonly byte[] Scope = OtlpRequest.EncodeScope(Conventions.ScopeName, Conventions.Version);
    private static readonly byte[] Schema = Encoding.UTF8.GetBytes(Conventions.SchemaUrl);

    /// <summary>Most lines are far shorter. Lambda splits lines at 256 KiB.</summary>
    private const int LargestKeptText = 64 * 1024;

    private readonly JsonValueWriter _values = new(new(64 * 1024));
    private readonly HeldText _held = new();
    private byte[] _resource = [];
    private IInvocationLookup? _lookup;
    private int _records;

    /// <summary>The end of the last complete record: a bug in the middle of a record must not spoil the records before it.</summary>
    private int _end;

    private OtlpWriter Writer => _values.Writer;

    /// <summary>A serialized Resource (<see cref="LambdaResource.Encode"/>) for all payloads finished from now on.</summary>
    public void SetResource(byte[] resource) => _resource = resource;

    /// <summary>
    /// Encodes a function or extension log item. Items must come in the order of arrival, and platform events between them must already be applied to
    /// the lookup: a record without a request id belongs to the invocation that is open now. The item's bytes are not needed afterwards.
    /// </summary>
    /// <returns>False when the item is not a JSON value that can become a record. Nothing was written then.</returns>
    public bool Append(in TelemetryItem item, IInvocationLookup invocations)
    {
        try
        {
            return TryAppend(in item, invocations);
        }
        catch
        {
            Writer.Rewind(_end);
            throw;
        }
    }

    private bool TryAppend(in TelemetryItem item, IInvocationLookup invocations)
    {
        var scanner = new JsonScanner(item.Bytes);
        var origin = LogOrigin.Of(item, invocations);
        switch (scanner.Peek())
        {
            case (byte)'"':
                return scanner.TryReadString(out var raw, out var escaped) && scanner.Peek() == 0
                    && AppendText(raw, escaped, origin, item.Records, invocations);
            case (byte)'{':
                WriteHeld();
                return TryAppendJson(item.Bytes, origin, default, default, item.Records, invocations);
            default:
                return AppendScalar(ref scanner, origin, item.Records);
        }
    }

    /// <summary>
    /// Encodes a platform event as a record: platform.logsDropped always, other events only if the settings ask for them. The item is the whole
    /// envelope.
    /// </summary>
    public bool AppendPlatform(in TelemetryItem item, IInvocationLookup invocations)
    {
        try
        {
            WriteHeld();
            var record = Open(256);
            return Finish(PlatformRecord.TryWrite(_values, item.Bytes, LogOrigin.Of(item, invocations), invocations), record, 1);
        }
        catch
        {
            Writer.Rewind(_end);
            throw;
        }
    }

    /// <summary>Encodes a record of our own.</summary>
    public void Append(InvocationNote note)
    {
        try
        {
            WriteHeld();
            var record = Open(256);
            Writer.Varint(OtlpFields.LogRecord.SeverityNumber, Severity.Error);
            Writer.Bytes(OtlpFields.LogRecord.SeverityText, Severity.NameOf(Severity.Error));
            Writer.StringValue(OtlpFields.LogRecord.Body, Encoding.UTF8.GetBytes(note.Text));
            Writer.Attribute(OtlpFields.LogRecord.Attributes, LogAttributes.ErrorType, Encoding.UTF8.GetBytes(note.ErrorType));
            new Correlation { Invocation = note.Invocation }.Write(Writer);
            new LogOrigin(TelemetryItemKind.PlatformEvent, note.Time, UnixTime.Now(time), null).Write(Writer, note.Time);
            Finish(true, record, 1);
        }
        catch
        {
            Writer.Rewind(_end);
            throw;
        }
    }

    /// <summary>Writes the text record that waits for its next line: it may say why the invocation fails whose end comes now.</summary>
    public void Complete() => WriteHeld();

    /// <summary>The memory that this uses between two flushes.</summary>
    public int Capacity => Writer.Capacity + _held.Capacity;

    /// <summary>Passes on everything that was appended, and frees the memory of an unusually long record.</summary>
    public void Flush()
    {
        WriteHeld();
        if (_records > 0)
            Emit(Writer.Position, _records);
        Writer.Trim(Math.Max(64 * 1024, 4 * maxBytes));
        _held.Trim(LargestKeptText);
    }

    public void Dispose()
    {
        Writer.Dispose();
        _held.Dispose();
    }

    private bool AppendText(ReadOnlySpan<byte> raw, bool escaped, in LogOrigin origin, int items, IInvocationLookup invocations)
    {
        var text = _held.Decode(raw, escaped);
        if (_held.TryJoin(text, origin, items))
            return true;
        WriteHeld();
        var line = LogLineReader.Read(text);
        var message = text[line.Message..];
        if (message.Length > 1 && message[0] == '{' && message[^1] == '}' && TryAppendJson(message, origin, line, text, items, invocations))
            return true;
        var invocation = line.RequestId.Length == 0 ? origin.Open : Correlation.Find(line.RequestId.Of(text), origin.Open, invocations);
        _held.Hold(text.Length, origin, line, invocation, items);
        _lookup = invocations;
        return true;
    }

    private void WriteHeld()
    {
        if (_held.Items == 0)
            return;
        var items = _held.Items;
        try
        {
            var record = Open(256 + _held.Text.Length);
            TextRecord.Write(Writer, _held.Text, _held.Origin, _held.Line, _held.Invocation, _lookup);
            Finish(true, record, items);
        }
        catch (Exception e)
        {
            // The broken record must not return at every flush, nor cost the record after it.
            Writer.Rewind(_end);
            Log.WarnOnce("record", $"a record could not be written: {Reason.OfBug(e)}");
            lost?.Invoke(items);
        }

        _held.Clear();
    }

    private bool TryAppendJson(
        ReadOnlySpan<byte> json, in LogOrigin origin, in LogLine line, ReadOnlySpan<byte> text, int items, IInvocationLookup invocations)
    {
        var record = Open(256);
        return Finish(JsonRecord.TryWrite(_values, json, origin, line, text, invocations), record, items);
    }

    /// <summary>A number, boolean or array as record is undocumented; it is kept unchanged. null gives no record.</summary>
    private bool AppendScalar(ref JsonScanner scanner, in LogOrigin origin, int items)
    {
        WriteHeld();
        var record = Open(256);
        var ok = scanner.Peek() is not ((byte)'n' or 0) && _values.TryWrite(OtlpFields.LogRecord.Body, ref scanner) && scanner.Peek() == 0;
        new Correlation { Invocation = origin.Open }.Write(Writer);
        origin.Write(Writer, origin.Reference);
        return Finish(ok, record, items);
    }

    private int Open(int expected)
    {
        _values.Start();
        return Writer.Open(OtlpFields.Scope.Items, expected);
    }

    private bool Finish(bool ok, int record, int items)
    {
        var start = _end;
        if (!ok)
        {
            Writer.Rewind(start);
            return false;
        }

        if (_values.NeedsRepair)
            record = Repaired(record);
        Writer.Close(record);
        if (_records > 0 && Writer.Position + OtlpRequest.Overhead(_resource.Length, Scope.Length) > maxBytes)
            Emit(start, _records);
        _records += items;
        _end = Writer.Position;
        return true;
    }

    /// <summary>Writes the open record again.</summary>
    private int Repaired(int record)
    {
        var written = Writer.Inside(record).ToArray();
        Writer.Rewind(_end);
        record = Writer.Open(OtlpFields.Scope.Items, written.Length);
        OtlpRepair.WriteMessage(Writer, OtlpMessage.LogRecord, written);
        return record;
    }

    private void Emit(int length, int records)
    {
        var body = OtlpRequest.Build(_resource, Scope, Writer.Written[..length], Schema);
        sink(new(Signal.Logs, body, records, time.GetUtcNow()));
        Writer.DropFirst(length);
        _end = Writer.Position;
        _records = 0;
    }
}
