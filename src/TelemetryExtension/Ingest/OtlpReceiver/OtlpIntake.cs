using TelemetryExtension.Buffering;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Ingest.Http;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Ingest.OtlpReceiver;

internal enum IntakeStatus : byte
{
    Accepted,
    Malformed,
    TooLarge,

    /// <summary>No room now. The sender may retry.</summary>
    Full,
}

internal readonly record struct IntakeResult(IntakeStatus Status, string Message = "");

/// <summary>
/// Puts request bodies into the channel, for both protocols. A request that is refused for good counts as received and dropped, with all its records. A
/// request that is refused for lack of room does not count, because its sender is told to send it again.
/// </summary>
internal sealed class OtlpIntake(ReceiverOptions options, ITelemetrySink sink, Ledger ledger, TimeProvider time, IntakeRoom? room = null)
{
    /// <summary>The delay that a sender is told when there is no room.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private static readonly IntakeResult NoRoom = new(IntakeStatus.Full, "the buffer is full");

    private readonly ByteBudget _budget = new(options.InFlightBytes);
    private readonly IntakeRoom _room = room ?? IntakeRoom.Unlimited;
    private readonly RequestDecoder _decoder = new(MaxBytes(options, room));

    public InFlight InFlight { get; } = new();

    public TimeProvider Time => time;

    public int MaxRequestBytes { get; } = MaxBytes(options, room);

    /// <summary>Bytes of requests in flight. The channel counts its own bytes.</summary>
    public long BytesInFlight => _budget.Used;

    public ByteLease Lease() => new(_budget);

    /// <summary>Refuses a request by its headers when its body would not fit, so that reading it would only cost memory. Returns null otherwise.</summary>
    /// <param name="length">The declared length of the body, or null.</param>
    public IntakeResult? RefuseUnread(Signal signal, long? length)
    {
        if (length > MaxRequestBytes)
            return Refuse(signal, new(BodyStatus.TooLarge));
        return _room.HasRoom((length ?? 0) + BytesInFlight) ? null : RefuseForNow();
    }

    /// <summary>Consumes the reference to <paramref name="body"/>.</summary>
    public IntakeResult Accept(Signal signal, PooledBody body, RequestEncoding encoding, ByteLease lease)
    {
        try
        {
            var decoded = _decoder.Decode(signal, encoding, lease, ref body);
            if (decoded.Status is not BodyStatus.Complete)
                return Refuse(signal, decoded);
            if (decoded.Records == 0)
                return new(IntakeStatus.Accepted);
            TrimToFit(ref body);
            body.AddReference();
            var item = new TelemetryItem(TelemetryItemKind.OtlpRequest, signal, body, 0, body.Length, 0, UnixTime.Now(time), decoded.Records);
            return sink.TryWrite(item) ? new(IntakeStatus.Accepted) : RefuseForNow();
        }
        catch (OutOfMemoryException)
        {
            return RefuseForNow();
        }
        finally
        {
            body.Release();
        }
    }

    /// <summary>Counts a request that is refused for good, and returns the answer.</summary>
    public IntakeResult Refuse(Signal signal, DecodedRequest request)
    {
        if (request.Status is BodyStatus.OverBudget)
            return RefuseForNow();
        var tooLarge = request.Status is BodyStatus.TooLarge;
        ledger.Received((LedgerAccount)signal, request.Records);
        ledger.Dropped((LedgerAccount)signal, tooLarge ? DropReason.TooLarge : DropReason.Malformed, request.Records);
        return tooLarge
            ? new(IntakeStatus.TooLarge, $"the request is larger than {MaxRequestBytes} bytes, or needs more memory than there is")
            : new(IntakeStatus.Malformed, request.Problem);
    }

    private static IntakeResult RefuseForNow()
    {
        Log.WarnOnce("otlp-full", "no room for OTLP requests of the function: the extension refuses them with 429 or UNAVAILABLE, and the function's SDK should send them again");
        return NoRoom;
    }

    /// <summary>Copies a body that fits only with its exact size, because the pool rounds up to at most twice the size.</summary>
    private void TrimToFit(ref PooledBody body)
    {
        if (body.Capacity <= _room.LargestBody || body.Capacity == body.Length)
            return;
        var exact = PooledBody.Allocate(body.Length);
        body.Span.CopyTo(exact.Span);
        body.Release();
        body = exact;
    }

    private static int MaxBytes(ReceiverOptions options, IntakeRoom? room) => (int)Math.Min(options.MaxRequestBytes, room?.LargestRequest ?? long.MaxValue);
}
