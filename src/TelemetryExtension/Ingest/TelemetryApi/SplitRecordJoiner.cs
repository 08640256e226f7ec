using System.Text.Json;
using TelemetryExtension.Buffering;

namespace TelemetryExtension.Ingest.TelemetryApi;

/// <summary>
/// Lambda cuts a record larger than maxBytes inside its value: one POST ends with the beginning, closed by force with <c>}]</c>; the next
/// begins with <c>[</c> and the same envelope again, and goes on with the value (seen in the field, not documented). Holds the beginning
/// until the next POST, and joins the two. However long that takes: the environment may be frozen in between. Not thread-safe.
/// </summary>
internal sealed class SplitRecordJoiner
{
    private const int MaxHeldBytes = 4 * 1024 * 1024;
    private byte[]? _held;
    private int _envelopeLength;

    /// <summary>Keeps the cut record at the end of a body; false when it does not look like one.</summary>
    public bool TryHold(ReadOnlySpan<byte> body, int start)
    {
        var tail = body[start..];
        var envelope = EnvelopeLength(tail);
        if (envelope == 0 || !tail.EndsWith("}]"u8) || tail.Length > MaxHeldBytes)
            return false;
        _held = tail[..^2].ToArray();
        _envelopeLength = envelope;
        return true;
    }

    public bool IsHolding => _held is not null;

    /// <summary>The held beginning and the body that goes on with it, as one body; null when this one does not. What was held is gone either way.</summary>
    public PooledBody? TryJoin(ReadOnlySpan<byte> body)
    {
        var held = _held;
        _held = null;
        if (held is null)
            return null;
        body = body.TrimStart(" \t\r\n"u8);
        var envelope = held.AsSpan(0, _envelopeLength);
        if (!body.StartsWith("["u8) || !body[1..].StartsWith(envelope) || IsWholeRecord(body[1..]))
            return null;
        var rest = body[(1 + envelope.Length)..];
        var joined = PooledBody.Rent(1 + held.Length + rest.Length);
        joined.Span[0] = (byte)'[';
        held.CopyTo(joined.Span[1..]);
        rest.CopyTo(joined.Span[(1 + held.Length)..]);
        return joined;
    }

    /// <summary>A line of the same millisecond has the same envelope; it is no rest, since it can be read by itself.</summary>
    private static bool IsWholeRecord(ReadOnlySpan<byte> envelope)
    {
        var json = new Utf8JsonReader(envelope);
        try
        {
            return json.Read() && json.TrySkip();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Up to and with <c>"record":</c>; 0 when the beginning is no envelope of a log line.</summary>
    private static int EnvelopeLength(ReadOnlySpan<byte> tail)
    {
        var record = tail.IndexOf("\"record\":"u8);
        if (record < 0 || record > 200)
            return 0;
        var envelope = tail[..(record + "\"record\":"u8.Length)];
        return envelope.StartsWith("{\"time\":"u8) && (envelope.IndexOf("\"function\""u8) > 0 || envelope.IndexOf("\"extension\""u8) > 0)
            ? envelope.Length
            : 0;
    }
}
