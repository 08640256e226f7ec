using TelemetryExtension.Destinations;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>What a destination's answer means for the payloads that a request was made of.</summary>
internal sealed partial class PayloadOutbox
{
    /// <summary>Books a destination's answer; null means none was seen before the budget ended, so nobody knows whether it arrived.</summary>
    /// <param name="random">From 0 up to 1, for the back-off.</param>
    /// <returns>What changes from now on for the signal.</returns>
    public LaneChange Complete(DeliveryLane lane, DeliveryBatch batch, OtlpPayload sent, DeliveryResult? result, bool countsAsFailure, double random)
    {
        LaneChange change;
        lock (_gate)
        {
            Finished(lane, batch, random);
            batch.Attempted();
            change = Book(lane, batch, sent, result, countsAsFailure, random);
        }

        WakeFiles();
        return change;
    }

    /// <summary>A batch that could not even be opened, through no fault of its own: it is the next to go, after a pause.</summary>
    /// <param name="random">From 0 up to 1, for the back-off.</param>
    public void Postpone(DeliveryLane lane, DeliveryBatch batch, double random)
    {
        lock (_gate)
        {
            Finished(lane, batch, random);
            lane.Failed(batch, _time.GetUtcNow(), null, random);
            lane.Queue.PutNext(batch);
        }
    }

    /// <summary>A destination that could not be connected to fails for all its signals.</summary>
    public void FailAll(IEnumerable<DeliveryLane> lanes, DeliveryLane like)
    {
        lock (_gate)
            foreach (var lane in lanes)
                lane.Health.FailedLike(like.Health);
    }

    /// <summary>The last chance: earlier failures do not make its pauses long.</summary>
    public void ResetBackoff(DeliveryLane lane)
    {
        lock (_gate)
            lane.Health.ResetBackoff();
    }

    private LaneChange Book(DeliveryLane lane, DeliveryBatch batch, OtlpPayload sent, DeliveryResult? result, bool countsAsFailure, double random)
    {
        switch (result?.Status)
        {
            case DeliveryStatus.Delivered:
                lane.Health.Succeeded();
                lane.MergeLimit.Fitted(sent.Body.Length);
                if (result.Value.RejectedRecords < batch.Records || batch.Records == 0)
                    lane.Refusal.Taken();
                Deliver(lane, batch, result.Value.RejectedRecords);
                return Taken(lane, batch);
            case DeliveryStatus.Refused:
                lane.Health.Succeeded();
                if (result.Value.IsTooLarge)
                    lane.MergeLimit.TooLarge(sent.Body.Length);
                return Refuse(lane, batch, sent, result.Value, random);
            default:
                if (countsAsFailure)
                    lane.Failed(batch, _time.GetUtcNow(), result?.RetryAfter, random);
                Decide(lane, batch.Remove(part => IsPastLimits(batch, part)), RecordOutcome.Expired);
                if (batch.Parts.Count > 0 && countsAsFailure)
                    lane.PutBack(batch);
                else if (batch.Parts.Count > 0)
                    lane.Queue.PutNext(batch);
                Decide(lane, lane.Queue.TakePastLimits(IsPastLimits), RecordOutcome.Expired);
                return LaneChange.None;
        }
    }

    private void Finished(DeliveryLane lane, DeliveryBatch batch, double random)
    {
        lane.Finished(batch, _time.GetUtcNow(), random);
        foreach (var part in batch.Parts)
        {
            part.Entry.EndRequest();
            PlaceIfIdle(part.Entry);
        }
    }

    private void Deliver(DeliveryLane lane, DeliveryBatch batch, int rejected)
    {
        foreach (var part in batch.Parts)
        {
            // Nobody says which records were rejected; the first parts are as good a guess as any, and the sum is right.
            var here = Math.Clamp(rejected, 0, part.Records);
            rejected -= here;
            Decide(lane, part, RecordOutcome.Rejected, here);
        }
    }

    private bool IsPastLimits(DeliveryBatch batch, DeliveryPart part) =>
        batch.Attempts >= _options.MaxAttempts || _time.GetUtcNow() - part.Entry.Payload.Created > _options.MaxAge;

    private void Decide(DeliveryLane lane, IEnumerable<DeliveryPart> parts, RecordOutcome outcome)
    {
        foreach (var part in parts)
            Decide(lane, part, outcome, part.Records);
    }

    /// <summary>A destination has decided about one part: what that means for the entry.</summary>
    private void Decide(DeliveryLane lane, DeliveryPart part, RecordOutcome outcome, int records)
    {
        var entry = part.Entry;
        if (!entry.Account.Decide(lane.Index, outcome, records) || entry.IsGone)
            return;
        lane.Queue.Close(entry);
        if (!entry.Account.IsSettled || TryKeepForDeadLetters(entry))
            return;
        Remove(entry);
        Settle(entry, Remainder.Exported);
    }
}
