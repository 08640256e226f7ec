using TelemetryExtension.Buffering;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Ingest.Http;

namespace TelemetryExtension.Ingest.TelemetryApi;

/// <summary>
/// Answers the Telemetry API's POSTs, on any path. Also unreadable ones get 200, because Lambda would otherwise repeat them for ever. The platform sends
/// one batch at a time. A lock ensures that for other senders that find the port.
/// </summary>
/// <param name="makeRoom">Called before each batch, to make room for all of it.</param>
internal sealed class TelemetryEndpoint(TelemetryBatchReader reader, TimeProvider time, Action makeRoom)
{
    /// <summary>A batch may reach about twice maxBytes, plus framing.</summary>
    private const int MaxBodyBytes = 8 * 1024 * 1024;

    /// <summary>The limit for all batches that are being read. The platform sends one at a time, so more come from another sender that found the port.</summary>
    private const long InFlightBytes = 2 * MaxBodyBytes;

    private readonly ByteBudget _budget = new(InFlightBytes);
    private readonly Lock _gate = new();
    private readonly SplitRecordJoiner _joiner = new();

    public async Task HandleAsync(HttpExchange exchange)
    {
        using var lease = new ByteLease(_budget);
        var result = await RequestBody.ReadAsync(exchange.RequestBody, exchange.ContentLength, MaxBodyBytes, lease).ConfigureAwait(false);
        if (result.Body is { } body)
        {
            MakeRoom();
            ReadOrDrop(body);
        }
        else if (result.Status is BodyStatus.OverBudget)
        {
            // The batch is not accepted and not counted. The platform sends it again.
            await exchange.AnswerAsync(503, null, default).ConfigureAwait(false);
            return;
        }
        else if (result.Status is not BodyStatus.Aborted)
        {
            reader.Drop(result.Status is BodyStatus.TooLarge ? DropReason.TooLarge : DropReason.Malformed);
        }

        await exchange.AnswerAsync(200, null, default).ConfigureAwait(false);
    }

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
