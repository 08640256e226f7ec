using TelemetryExtension.Destinations;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>What a destination's answer means for the payloads that a request was made of.</summary>
internal sealed partial class PayloadOutbox
{
    /// <summary>Books a destination's answer; null means none was seen before the budget ended, so nobody knows whether it arrived.</summary>
    /// <param name="random">From 0 up to 1, for the back-off.</param>
    /// <returns>True when from now on nothing of the signal is sent there.</returns>
    public bool Complete(DeliveryLane lane, DeliveryBatch batch, OtlpPayload sent, DeliveryResult? result, bool countsAsFailure, double random)
    {
        lock (_gate)
        {
            Finished(lane, batch, random);
            batch.Attempts++;
            switch (result?.Status)
            {
                case DeliveryStatus.Delivered:
                    lane.Succeeded();
                    lane.Fitted(sent.Body.Length);
                    batch.Content.Taken();
                    if (result.Value.RejectedRecords < batch.Records || batch.Records == 0)
                        lane.Refusal.Taken();
                    Deliver(lane, batch, result.Value.RejectedRecords);
                    return false;
                case DeliveryStatus.Refused:
                    lane.Succeeded();
                    if (result.Value.IsTooLarge)
                        lane.TooLarge(sent.Body.Length);
                    return Refuse(lane, batch, sent, result.Value, random);
                default:
                    if (countsAsFailure)
                        lane.Failed(batch, _time.GetUtcNow(), result?.RetryAfter, random);
                    Decide(lane, batch.Remove(part => IsPastLimits(batch, part)), static (ref DestinationShare share, int records) => share.Expired += records);
                    if (batch.Parts.Count > 0 && countsAsFailure)
                        lane.Again(batch);
                    else if (batch.Parts.Count > 0)
                        lane.Next(batch);
                    Decide(lane, lane.Sweep(IsPastLimits), static (ref DestinationShare share, int records) => share.Expired += records);
                    return false;
            }
        }
    }

    /// <summary>A batch that could not even be opened, through no fault of its own: it is the next to go, after a pause.</summary>
    /// <param name="random">From 0 up to 1, for the back-off.</param>
    public void Postpone(DeliveryLane lane, DeliveryBatch batch, double random)
    {
        lock (_gate)
        {
            Finished(lane, batch, random);
            lane.Failed(batch, _time.GetUtcNow(), null, random);
            lane.Next(batch);
        }
    }

    private void Finished(DeliveryLane lane, DeliveryBatch batch, double random)
    {
        if (batch.IsTrial)
            lane.Refusal.TrialEnded(_time.GetUtcNow(), random);
        lane.Finished(batch);
        foreach (var part in batch.Parts)
            if (--part.Entry.InUse == 0 && !part.Entry.IsGone)
                _order.Place(part.Entry);
    }

    private void Deliver(DeliveryLane lane, DeliveryBatch batch, int rejected)
    {
        foreach (var part in batch.Parts)
        {
            // Nobody says which records were rejected; the first parts are as good a guess as any, and the sum is right.
            var here = Math.Clamp(rejected, 0, part.Records);
            rejected -= here;
            part.Entry.Shares[lane.Index].Rejected += here;
            Decided(lane, part);
        }
    }

    private bool IsPastLimits(DeliveryBatch batch, DeliveryPart part) =>
        batch.Attempts >= _options.MaxAttempts || _time.GetUtcNow() - part.Entry.Payload.Created > _options.MaxAge;

    private void Decide(DeliveryLane lane, List<DeliveryPart> parts, ShareAction action)
    {
        foreach (var part in parts)
        {
            action(ref part.Entry.Shares[lane.Index], part.Records);
            Decided(lane, part);
        }
    }

    private void Decided(DeliveryLane lane, DeliveryPart part)
    {
        var entry = part.Entry;
        ref var share = ref entry.Shares[lane.Index];
        if (--share.OpenParts > 0 || entry.IsGone)
            return;
        share.Batch = null;
        lane.Close(entry);
        if (!entry.IsSettled || TryKeepForDeadLetters(entry))
            return;
        Remove(entry);
        entry.Settle(_ledger, (account, rest) => _ledger.Exported(account, rest));
    }

    private delegate void ShareAction(ref DestinationShare share, int records);
}
