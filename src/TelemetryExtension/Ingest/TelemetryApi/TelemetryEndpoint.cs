using TelemetryExtension.Buffering;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Ingest.Http;

namespace TelemetryExtension.Ingest.TelemetryApi;

/// <summary>
/// Answers the Telemetry API's POSTs, on any path, with 200 even when they cannot be read, because they would only come again for ever. The platform
/// sends one batch at a time; a lock keeps that true for anybody else who finds the port.
/// </summary>
/// <param name="makeRoom">Called before each batch: so much as a batch holds must find room afterwards.</param>
internal sealed class TelemetryEndpoint(TelemetryBatchReader reader, TimeProvider time, Action makeRoom)
{
    /// <summary>A batch may reach about twice maxBytes, plus framing.</summary>
    private const int MaxBodyBytes = 8 * 1024 * 1024;

    /// <summary>What all batches being read may hold together. The platform sends one at a time: more are of somebody else who found the port.</summary>
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
            // Not taken, and not counted: the platform sends it again.
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
            // Without more room the batch may be shed, and counted; without an answer it would come again for ever.
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
            // A bug of ours costs the rest of this batch. Without the answer 200 the whole batch would come again, also what was read.
            Log.WarnOnce("batch", $"a batch could not be read: {Reason.OfBug(e)}");
            reader.Drop(DropReason.Malformed);
        }
    }

    /// <summary>Takes the body apart and releases it.</summary>
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

    /// <summary>Nothing more will come: a held beginning is counted as lost.</summary>
    public void Close()
    {
        lock (_gate)
        {
            if (_joiner.IsHolding && _joiner.TryJoin(default) is null)
                reader.Drop(DropReason.Malformed);
        }
    }
}
