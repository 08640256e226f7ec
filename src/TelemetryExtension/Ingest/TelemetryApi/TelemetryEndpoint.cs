using TelemetryExtension.Buffering;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Ingest.Http;

namespace TelemetryExtension.Ingest.TelemetryApi;

/// <summary>
/// Takes the bodies of the Telemetry API's POSTs. The platform sends one batch at a time; a lock keeps that true for anybody else who finds the port.
/// </summary>
/// <param name="isHalfUsed">Whether the buffer should be emptied before another batch.</param>
/// <param name="makeRoom">Empties it: so much as a batch holds must find room afterwards.</param>
internal sealed class TelemetryEndpoint(TelemetryBatchReader reader, TimeProvider time, Func<bool> isHalfUsed, Action makeRoom)
{
    /// <summary>A batch may reach about twice maxBytes, plus framing.</summary>
    public const int MaxBodyBytes = 8 * 1024 * 1024;

    /// <summary>The limit for all batches that are being read. The platform sends one at a time, so more come from another sender that found the port.</summary>
    private const long InFlightBytes = 2 * MaxBodyBytes;

    /// <summary>
    /// A body of at most this declared size has its own budget. So senders of large bodies cannot keep a runtimeDone out, for which an invocation waits.
    /// </summary>
    private const int SmallBodyBytes = 256 * 1024;
    private const long SmallInFlightBytes = 4 * 1024 * 1024;

    private readonly ByteBudget _budget = new(InFlightBytes);
    private readonly ByteBudget _small = new(SmallInFlightBytes);
    private readonly Lock _gate = new();
    private readonly SplitRecordJoiner _joiner = new();

    /// <summary>Whether <see cref="Take"/> makes room first, which takes longer than the thread of all local sockets may.</summary>
    public bool MakesRoom => isHalfUsed();

    /// <summary>For a body that is about to be read: at most <see cref="MaxBodyBytes"/>, out of what all of them may hold together.</summary>
    /// <param name="length">The declared size. Null when it is unknown.</param>
    public ByteLease Lease(long? length) => new(length <= SmallBodyBytes ? _small : _budget);

    /// <summary>A whole body, which is released. Never throws: without the answer 200 it would come again.</summary>
    public void Take(PooledBody body)
    {
        if (isHalfUsed())
            MakeRoom();
        ReadOrDrop(body);
    }

    /// <summary>A body that cannot be read, or is too large, is counted as one lost record.</summary>
    public void Refuse(BodyStatus status) => reader.Drop(status is BodyStatus.TooLarge ? DropReason.TooLarge : DropReason.Malformed);

    private void MakeRoom()
    {
        try
        {
            makeRoom();
        }
        catch (Exception e)
        {
            // Without more room the batch may be dropped and counted. Without an answer Lambda would repeat it for ever.
            Log.WarnOnce("makeRoom", $"the buffer could not be emptied: {Reason.OfBug(e)}");
        }
    }

    private void ReadOrDrop(PooledBody body)
    {
        try
        {
            Read(body);
        }
        catch (Exception e)
        {
            // A bug costs the rest of this batch. Without the answer 200 Lambda would repeat the whole batch, also the part that was read.
            Log.WarnOnce("batch", $"a batch could not be read: {Reason.OfBug(e)}");
            reader.Drop(DropReason.Malformed);
        }
    }

    /// <summary>Reads the body and releases it.</summary>
    public void Read(PooledBody body)
    {
        var received = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
        lock (_gate)
        {
            if (_joiner.IsHolding)
            {
                if (_joiner.TryJoin(body.Span) is { } joined)
                {
                    body.Release();
                    body = joined;
                }
                else
                {
                    reader.Drop(DropReason.Malformed);
                }
            }

            try
            {
                var cut = reader.Read(body, received);
                if (cut >= 0 && !_joiner.TryHold(body.Span, cut))
                    reader.Drop(DropReason.Malformed);
            }
            finally
            {
                body.Release();
            }
        }
    }

    /// <summary>Ends the input. A kept beginning counts as lost.</summary>
    public void Close()
    {
        lock (_gate)
        {
            if (_joiner.IsHolding && _joiner.TryJoin(default) is null)
                reader.Drop(DropReason.Malformed);
        }
    }
}
