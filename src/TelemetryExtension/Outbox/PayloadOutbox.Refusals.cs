using TelemetryExtension.Destinations;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>Handles refusals: for the refused payloads and for those that follow them.</summary>
internal sealed partial class PayloadOutbox
{
    /// <summary>
    /// Refuses the payloads that wait for a destination that refuses the signal for good. They are treated like the last refused ones: refused content is
    /// dropped, anything else waits for the dead letters. Does nothing while the signal is open, or while a trial is due or in flight.
    /// </summary>
    public void RefuseWaiting(DeliveryLane lane)
    {
        lock (_gate)
        {
            if (lane.Refusal is { IsClosed: true, IsOnTrial: false } && !lane.Refusal.IsTrialDue(_time.GetUtcNow()))
                RefuseAll(lane, lane.Queue.TakeAll(), lane.Refusal.IsAboutContent);
        }

        WakeFiles();
    }

    /// <summary>False when every signal is refused for good or sent in the background. An invocation need not wait for a flush then.</summary>
    public bool HasResponsiveDestination
    {
        get
        {
            lock (_gate)
                return Array.Exists(_lanes, static lane => !lane.Refusal.IsClosed && !lane.IsInBackground);
        }
    }

    /// <summary>Records the end of a flush with one destination.</summary>
    /// <param name="isBlocking">Whether an invocation may have waited for the flush.</param>
    /// <param name="isQuick">Whether an invocation could have waited for all answers.</param>
    public void FlushEnded(
        SilentFlushes destination, IReadOnlyCollection<Signal> answered, IReadOnlyCollection<Signal> silent, bool isBlocking, bool isQuick)
    {
        if (answered.Count == 0 && silent.Count == 0)
            return;
        lock (_gate)
            destination.FlushEnded(answered, silent, isBlocking, isQuick);
    }

    /// <summary>Whether the signal is sent in the background, where no invocation waits for it.</summary>
    public bool IsInBackground(DeliveryLane lane)
    {
        lock (_gate)
            return lane.IsInBackground;
    }

    /// <summary>Whether a signal that is sent in the background has payloads that may be sent now.</summary>
    public bool HasSilentWork
    {
        get
        {
            lock (_gate)
                return Array.Exists(_lanes, lane => lane.IsInBackground && lane.Queue.Open > 0 && lane.Health.WaitFrom(_time.GetUtcNow(), isLastChance: false) == TimeSpan.Zero);
        }
    }

    /// <summary>
    /// Records that a destination accepted a batch. When it was a sample of a refused content, the rest of that content is sent in two halves.
    /// </summary>
    private static LaneChange Accepted(DeliveryLane lane, DeliveryBatch batch)
    {
        var content = batch.Content;
        var isFirst = !content.IsPartlyAccepted;
        if (content.IsSampled && lane.Queue.TakeAllOf(content) is { Count: > 0 } rest)
        {
            var left = new DeliveryBatch(batch.Signal, rest, content);
            lane.Queue.PutNext(left.Halve() ?? [left]);
        }

        content.Accepted();
        if (!content.IsSplit)
            lane.Refusal.AcceptedWhole();
        else if (isFirst && content.HasBad && lane.Refusal.AcceptedInPart())
            return LaneChange.AcceptedInPart;
        return LaneChange.None;
    }

    private LaneChange Refuse(DeliveryLane lane, DeliveryBatch batch, OtlpPayload sent, DeliveryResult answer, double random)
    {
        var isAboutContent = answer.MayBeTooLargeOrPoisoned;
        // When a large request is refused for its size, smaller ones may still be accepted.
        var isAboutSize = answer.IsTooLarge && sent.Body.Length > MergeLimit.MinBytes;
        var content = batch.Content;
        if (!content.IsSplit && isAboutSize)
            content.Allow(SignalRefusal.MaxConsecutiveRefusals(batch.Records));
        else if (!content.IsSplit)
            content.AllowSamples(content.RefusalsBefore != lane.Refusal.Count ? SignalRefusal.Samples : lane.Refusal.SamplesLeft, SignalRefusal.MaxConsecutiveRefusals(batch.Records));
        // Splitting ends by itself once the pieces are small. So a large piece that is refused for its size does not count against the content's limit of
        // refusals.
        if (!isAboutSize)
        {
            content.Refused();
            content.HasBad = true;
            lane.Refusal.RequestRefused();
            if (!content.IsPartlyAccepted && (content.IsSplit || batch.Records == 1))
                lane.Refusal.SampleRefused();
        }

        var closes = false;
        if (!content.IsCounted && !isAboutSize && (!content.IsSplit || answer.IsTooLarge || !isAboutContent) && content.RefusalsBefore == lane.Refusal.Count)
        {
            content.IsCounted = true;
            closes = lane.Refusal.Refused(isAboutContent, _time.GetUtcNow(), random);
        }

        if (isAboutContent && !lane.Refusal.IsClosed)
            SplitOrRefuse(lane, batch, sent, random);
        else
            RefuseAll(lane, batch.Parts, isAboutContent);
        return closes ? LaneChange.Closed : LaneChange.None;
    }

    private void SplitOrRefuse(DeliveryLane lane, DeliveryBatch batch, OtlpPayload sent, double random)
    {
        try
        {
            if (!batch.Content.IsExhausted && (Sampled(lane, batch, sent) ?? BatchSplit.TrySplit(batch, sent, lane.Index)) is { } pieces)
            {
                lane.Queue.PutNext(pieces);
                return;
            }

            RefuseAll(lane, batch.Parts, isAboutContent: true);
            if (batch.Content is { IsPartlyAccepted: false, IsExhausted: true })
                RefuseAll(lane, lane.Queue.TakeAllOf(batch.Content), isAboutContent: true);
        }
        catch (OutOfMemoryException)
        {
            // The halves are copies. Retry later, when there may be memory for them.
            lane.Failed(batch, _time.GetUtcNow(), null, random);
            lane.Queue.PutNext(batch);
        }
    }

    private static DeliveryBatch[]? Sampled(DeliveryLane lane, DeliveryBatch batch, OtlpPayload sent) =>
        batch.Content is { IsSampled: true, IsSplit: false } ? BatchSample.TryTake(batch, sent, lane.Index, SignalRefusal.Samples) : null;

    private void RefuseAll(DeliveryLane lane, IEnumerable<DeliveryPart> parts, bool isAboutContent) =>
        Decide(lane, parts, isAboutContent ? RecordOutcome.Refused : RecordOutcome.Unwanted);
}
