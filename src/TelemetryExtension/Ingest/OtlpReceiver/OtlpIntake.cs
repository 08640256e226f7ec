using TelemetryExtension.Buffering;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Ingest.Http;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Ingest.OtlpReceiver;

internal enum IntakeStatus : byte
{
    Accepted,
    Malformed,
    TooLarge,

    /// <summary>No room now; the sender may come again.</summary>
    Full,
}

internal readonly record struct IntakeResult(IntakeStatus Status, string Message = "");

/// <summary>How the bytes of a request are to be read.</summary>
internal readonly record struct RequestEncoding(bool Json, bool Gzip);

/// <summary>
/// The way of a request body into the channel, whichever protocol brought it: decompress, convert JSON, check, count, hand over.
/// Everything it refuses is counted.
/// </summary>
/// <param name="hasRoom">Whether so many bytes more would fit into memory. Null: only the sink decides.</param>
internal sealed class OtlpIntake(
    ReceiverOptions options, ITelemetrySink sink, Ledger ledger, TimeProvider time, Func<long, bool>? hasRoom = null)
{
    /// <summary>What a refused sender is told to wait.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly ByteBudget _budget = new(options.InFlightBytes);

    public InFlight InFlight { get; } = new();

    public TimeProvider Time => time;

    public int MaxRequestBytes => options.MaxRequestBytes;

    /// <summary>Bytes held by requests in flight; what the channel holds is the channel's.</summary>
    public long BytesInFlight => _budget.Used;

    public ByteLease Lease() => new(_budget);

    /// <summary>
    /// For a request whose headers are there: not null when its body would find no room, so that reading it would only cost memory.
    /// </summary>
    /// <param name="length">Of the body as declared; null when it was not.</param>
    public IntakeResult? RefuseUnread(Signal signal, long? length) =>
        hasRoom is null || length > MaxRequestBytes || hasRoom((length ?? 0) + BytesInFlight) ? null : Refuse(signal, BodyStatus.OverBudget, "");

    /// <summary>Consumes the reference to <paramref name="body"/>; the request is its bytes from <paramref name="offset"/>.</summary>
    public IntakeResult Accept(Signal signal, PooledBody body, int offset, RequestEncoding encoding, ByteLease lease)
    {
        try
        {
            if (encoding.Gzip)
            {
                var status = Gzip.TryDecompress(body.Memory[offset..], options.MaxRequestBytes, lease, out var plain);
                if (plain is null)
                    return Refuse(signal, status, "the body is not valid gzip");
                Replace(ref body, plain, ref offset);
            }

            if (encoding.Json && Convert(signal, ref body, ref offset, lease) is { } refused)
                return refused;
            if (OtlpRequestValidator.Check(signal, body.Span[offset..], out var records) is { } problem)
                return Refuse(signal, BodyStatus.BadRequest, problem);
            if (records == 0)
                return new(IntakeStatus.Accepted);
            var item = new TelemetryItem(TelemetryItemKind.OtlpRequest, signal, body, offset, body.Length - offset, 0, UnixTime.Now(time), records);
            body.AddReference();
            return sink.TryWrite(item) ? new(IntakeStatus.Accepted) : new(IntakeStatus.Full, "the buffer is full");
        }
        finally
        {
            body.Release();
        }
    }

    /// <summary>Counts a request that was not taken, and says what to answer. How many records it had is not known: it counts as one.</summary>
    public IntakeResult Refuse(Signal signal, BodyStatus status, string whatIsWrong)
    {
        ledger.Received((LedgerAccount)signal);
        ledger.Dropped((LedgerAccount)signal, status is BodyStatus.OverBudget ? DropReason.BufferBytes : DropReason.Malformed);
        return status switch
        {
            BodyStatus.OverBudget => new(IntakeStatus.Full, "the buffer is full"),
            BodyStatus.TooLarge => new(IntakeStatus.TooLarge, $"the request is larger than {options.MaxRequestBytes} bytes"),
            _ => new(IntakeStatus.Malformed, whatIsWrong),
        };
    }

    private IntakeResult? Convert(Signal signal, ref PooledBody body, ref int offset, ByteLease lease)
    {
        // The writer's buffer and the copy that leaves it; protobuf is nearly always smaller than the JSON it came from.
        if (!lease.TryTake(2L * body.Capacity))
            return Refuse(signal, BodyStatus.OverBudget, "");
        using var writer = new OtlpWriter(body.Length);
        if (OtlpJsonConverter.Convert(signal, body.Span[offset..], writer) is { } problem)
            return Refuse(signal, BodyStatus.BadRequest, problem);
        if (writer.Position > options.MaxRequestBytes)
            return Refuse(signal, BodyStatus.TooLarge, "");
        var converted = PooledBody.Rent(writer.Position);
        writer.Written.CopyTo(converted.Span);
        Replace(ref body, converted, ref offset);
        return null;
    }

    private static void Replace(ref PooledBody body, PooledBody by, ref int offset)
    {
        body.Release();
        body = by;
        offset = 0;
    }
}
