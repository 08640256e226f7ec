using System.Text.Json;
using TelemetryExtension.Buffering;

namespace TelemetryExtension.Ingest.TelemetryApi;

/// <summary>
/// Joins records that Lambda split. Lambda cuts a record larger than maxBytes inside its value: one POST ends with the beginning, closed by force with
/// <c>}]</c>; the next begins with <c>[</c> and the same envelope, and continues the value (observed, not documented). The beginning is kept until the next
/// POST, however long that takes, because the environment may be frozen in between. Not thread-safe.
/// </summary>
internal sealed class SplitRecordJoiner
{
    private const int MaxHeldBytes = 4 * 1024 * 1024;
    private byte[]? _held;
    private int _envelopeLength;

    /// <summary>Keeps the cut record at the end of a body. Returns false when it does not look like one.</summary>
    public bool TryHold(ReadOnlySpan<byte> body, int start)
    {
        var tail = body[start..];
        var envelope = EnvelopeLength(tail);
        if (envelope == 0 || !tail.EndsWith("}]"u8) || tail.Length > MaxHeldBytes)
            return false;
        // The cut is before the value, so the next POST contains all of it.
        if (tail.Length > envelope + 2)
            _held = tail[..^2].ToArray();
        _envelopeLength = envelope;
        return true;
    }

    private static ReadOnlySpan<byte> Blanks => " \t\r\n"u8;

    public bool IsHolding => _held is not null;

    /// <summary>
    /// Joins the kept beginning with the body that continues it. Returns null when this body does not continue it. The beginning is discarded in both
    /// cases.
    /// </summary>
    public PooledBody? TryJoin(ReadOnlySpan<byte> body)
    {
        var held = _held;
        _held = null;
        if (held is null)
            return null;
        body = body.TrimStart(Blanks);
        var envelope = held.AsSpan(0, _envelopeLength);
        if (!body.StartsWith("["u8) || !body[1..].StartsWith(envelope))
            return null;
        var rest = body[(1 + envelope.Length)..];
        var joined = PooledBody.Rent(1 + held.Length + rest.Length);
        joined.Span[0] = (byte)'[';
        held.CopyTo(joined.Span[1..]);
        rest.CopyTo(joined.Span[(1 + held.Length)..]);
        if (BeginsWithRecord(joined.Span[1..]) || !BeginsWithRecord(body[1..]))
            return joined;
        joined.Release();
        return null;
    }

    /// <summary>
    /// Whether a complete record is followed by the next one, or by the end of the batch. A line of the same millisecond has the same envelope as the cut
    /// record, and the rest of a number that was cut reads as a record too (<c>{"a":12</c> and <c>34}}</c>). Only what follows tells them apart.
    /// </summary>
    private static bool BeginsWithRecord(ReadOnlySpan<byte> envelopes)
    {
        var json = new Utf8JsonReader(envelopes, new JsonReaderOptions { MaxDepth = 128 });
        try
        {
            if (!json.Read() || !json.TrySkip())
                return false;
        }
        catch (JsonException)
        {
            return false;
        }

        var rest = envelopes[(int)json.BytesConsumed..].Trim(Blanks);
        return rest.SequenceEqual("]"u8) || (rest.StartsWith(","u8) && rest[1..].TrimStart(Blanks).StartsWith("{\"time\":"u8));
    }

    /// <summary>The length up to and including <c>"record":</c>. 0 when the beginning is not an envelope of a log line.</summary>
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
