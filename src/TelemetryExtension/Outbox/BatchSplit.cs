using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>Halves a refused batch, so that only its bad part is lost.</summary>
internal static class BatchSplit
{
    /// <summary>Null when there is nothing to halve.</summary>
    public static DeliveryBatch[]? TrySplit(DeliveryBatch batch, OtlpPayload sent, int lane)
    {
        if (batch.Parts.Count > 1)
        {
            batch.Content.Split();
            var half = batch.Parts.Count / 2;
            return [new(batch.Signal, batch.Parts[..half], batch.Content), new(batch.Signal, batch.Parts[half..], batch.Content)];
        }

        if (OtlpSplit.TryHalve(sent.Signal, sent.Body) is not var (first, second))
            return null;
        var part = batch.Parts[0];
        var firstRecords = Math.Min(part.Records, OtlpSplit.CountRecords(sent.Signal, first.Span));
        DeliveryBatch[] halves =
        [
            new(batch.Signal, [new(part.Entry, firstRecords, first)], batch.Content),
            new(batch.Signal, [new(part.Entry, part.Records - firstRecords, second)], batch.Content),
        ];

        // Last, because everything before may fail for want of memory.
        batch.Content.Split();
        part.Entry.Shares[lane].OpenParts++;
        part.Entry.Shares[lane].IsSplit = true;
        return halves;
    }
}
