using TelemetryExtension.Destinations;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>Applies a destination's answer to the payloads in the request.</summary>
internal sealed partial class PayloadOutbox
{
    /// <summary>Records a destination's answer. Null means that the budget ended before the answer, so it is unknown whether the request arrived.</summary>
    /// <param name="random">From 0 up to 1, for the back-off.</param>
    /// <returns>How the signal is sent from now on, if that changed.</returns>
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

    /// <summary>Puts back a batch that could not be opened for lack of memory. It is sent next, after a pause.</summary>
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

    /// <summary>Marks other lanes of a destination as failed, because the destination is unreachable.</summary>
    public void FailAll(IEnumerable<DeliveryLane> lanes, DeliveryLane like)
    {
        lock (_gate)
            foreach (var lane in lanes)
                lane.Health.CopyFailure(like.Health);
    }

    /// <summary>Resets the back-off at the last chance, so that earlier failures do not cause long pauses.</summary>
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
                    lane.Refusal.Accepted();
                Deliver(lane, batch, result.Value.RejectedRecords);
                return Accepted(lane, batch);
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
            // No destination reports which records it rejected. Assigning them to the first parts is as good as any guess, and the sum is correct.
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

    /// <summary>Records a destination's decision about one part, and its effect on the entry.</summary>
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
