using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>Halves a refused batch, so that only the bad part is lost.</summary>
internal static class BatchSplit
{
    /// <summary>Returns null when the batch cannot be halved.</summary>
    /// <param name="destination">The index of the destination that refused the batch.</param>
    public static DeliveryBatch[]? TrySplit(DeliveryBatch batch, OtlpPayload sent, int destination)
    {
        var halves = batch.Halve();
        if (halves is null)
        {
            if (OtlpSplit.TryHalve(sent.Signal, sent.Body) is not var (first, second))
                return null;
            var part = batch.Parts[0];
            var firstRecords = Math.Min(part.Records, OtlpSplit.CountRecords(sent.Signal, first.Span));
            halves =
            [
                new(batch.Signal, [new(part.Entry, firstRecords, first)], batch.Content),
                new(batch.Signal, [new(part.Entry, part.Records - firstRecords, second)], batch.Content),
            ];

            // This comes last, because everything before may run out of memory.
            part.Entry.Account.Split(destination);
        }

        batch.Content.Split();
        return halves;
    }
}
