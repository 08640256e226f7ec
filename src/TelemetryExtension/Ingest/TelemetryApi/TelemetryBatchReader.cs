using System.Text.Json;
using TelemetryExtension.Buffering;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Ingest.TelemetryApi;

/// <summary>
/// Splits a POST of the Telemetry API into records without decoding them: each becomes an item that points into the body. A broken record costs only
/// itself: after bytes that are not JSON, reading continues at the next text that looks like an envelope.
/// </summary>
internal sealed class TelemetryBatchReader(ITelemetrySink sink, IInvocationSignals signals, Ledger ledger)
{
    private static readonly JsonReaderOptions Lenient = new() { AllowTrailingCommas = true, MaxDepth = 128 };

    /// <summary>Reads the body into the sink and does not release it. Returns where a last, cut record begins, or -1 (see SplitRecordJoiner).</summary>
    public int Read(PooledBody body, long receivedUnixNano)
    {
        var bytes = (ReadOnlySpan<byte>)body.Span;
        var position = SkipToEnvelope(bytes, 0, strict: true);
        if (position < 0 && !IsEmptyArray(bytes))
            Drop(DropReason.Malformed);
        var damagedFrom = -1;
        while (position >= 0)
        {
            var (outcome, length) = ReadOrFail(body, position, receivedUnixNano);
            if (outcome == Outcome.Broken)
            {
                damagedFrom = position;
                var next = SkipToEnvelope(bytes, position + 1, strict: false);
                if (next >= 0)
                    Drop(DropReason.Malformed);
                position = next;
                continue;
            }

            if (outcome is Outcome.Malformed or Outcome.UnknownType)
                Drop(outcome == Outcome.Malformed ? DropReason.Malformed : DropReason.UnknownType);
            damagedFrom = -1;
            position = SkipToEnvelope(bytes, position + length, strict: true);
        }

        return damagedFrom;
    }

    /// <summary>Counts one unusable record.</summary>
    public void Drop(DropReason reason)
    {
        ledger.Received(LedgerAccount.Events);
        ledger.Dropped(LedgerAccount.Events, reason);
    }

    /// <summary>A boundary: any failure costs only this record, even when memory is short.</summary>
    private (Outcome Outcome, int Length) ReadOrFail(PooledBody body, int start, long received)
    {
        try
        {
            return ReadEnvelope(body, start, received);
        }
        catch (Exception e)
        {
            Log.WarnOnce("envelope", $"cannot read a record of the Telemetry API: {Reason.OfBug(e)}");
            return (Outcome.Broken, 0);
        }
    }

    private (Outcome Outcome, int Length) ReadEnvelope(PooledBody body, int start, long received)
    {
        var json = new Utf8JsonReader(body.Span[start..], Lenient);
        long time = 0;
        var type = TelemetryType.Missing;
        int recordStart = -1, recordLength = 0;
        try
        {
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (json.TextIs("time"u8))
                {
                    json.Read();
                    time = json.TokenType == JsonTokenType.String ? TelemetryTime.Read(ref json) : 0;
                    json.Skip();
                }
                else if (json.TextIs("type"u8))
                {
                    json.Read();
                    type = TelemetryTypes.Of(ref json);
                    json.Skip();
                }
                else if (json.TextIs("record"u8))
                {
                    json.Read();
                    recordStart = start + (int)json.TokenStartIndex;
                    json.Skip();
                    recordLength = start + (int)json.BytesConsumed - recordStart;
                }
                else
                {
                    json.Read();
                    json.Skip();
                }
            }
        }
        catch (JsonException)
        {
            return (Outcome.Broken, 0);
        }

        if (json.TokenType != JsonTokenType.EndObject)
            return (Outcome.Broken, 0);
        var length = (int)json.BytesConsumed;
        switch (type)
        {
            case TelemetryType.Missing:
            case TelemetryType.Function or TelemetryType.Extension when recordStart < 0:
                return (Outcome.Malformed, length);
            case TelemetryType.Other:
                return (Outcome.UnknownType, length);
            case TelemetryType.Function or TelemetryType.Extension:
                var kind = type == TelemetryType.Function ? TelemetryItemKind.FunctionLog : TelemetryItemKind.ExtensionLog;
                Write(new(kind, Signal.Logs, body, recordStart, recordLength, time, received));
                break;
            default:
                Write(new(TelemetryItemKind.PlatformEvent, Signal.Traces, body, start, length, time, received));
                // Signal only after the event is in the channel, because the waiting loop drains the channel at once.
                if (recordStart >= 0)
                    SignalEnd(type, body.Span.Slice(recordStart, recordLength));
                break;
        }

        return (Outcome.Read, length);
    }

    private void SignalEnd(TelemetryType type, ReadOnlySpan<byte> record)
    {
        if (type is not (TelemetryType.PlatformRuntimeDone or TelemetryType.PlatformReport))
            return;
        try
        {
            var peek = RuntimeDonePeek.Read(record);
            if (type == TelemetryType.PlatformRuntimeDone)
                signals.RuntimeDone(peek.RequestId, peek.Failed);
            else
                signals.Reported(peek.RequestId, peek.Failed);
        }
        catch (Exception e)
        {
            // The event itself is in the channel and counted.
            Log.WarnOnce("signal", $"cannot signal the end of an invocation: {Reason.OfBug(e)}");
        }
    }

    private void Write(in TelemetryItem item)
    {
        item.Body.AddReference();
        sink.TryWrite(item);
    }

    /// <summary>
    /// Finds the next <c>{</c>. Between envelopes only commas and blanks may occur. After damage only <c>{"time":</c> is accepted as the start of an
    /// envelope.
    /// </summary>
    private static int SkipToEnvelope(ReadOnlySpan<byte> bytes, int from, bool strict)
    {
        if (from >= bytes.Length)
            return -1;
        var found = strict ? bytes[from..].IndexOf((byte)'{') : bytes[from..].IndexOf("{\"time\":"u8);
        return found < 0 ? -1 : from + found;
    }

    private static bool IsEmptyArray(ReadOnlySpan<byte> bytes)
    {
        bytes = bytes.Trim(" \t\r\n"u8);
        return bytes.Length >= 2 && bytes[0] == '[' && bytes[^1] == ']' && bytes[1..^1].Trim(" \t\r\n"u8).IsEmpty;
    }

    private enum Outcome : byte
    {
        Read,

        /// <summary>JSON, but not an envelope.</summary>
        Malformed,

        UnknownType,

        /// <summary>Not JSON, so its end is unknown.</summary>
        Broken,
    }
}
