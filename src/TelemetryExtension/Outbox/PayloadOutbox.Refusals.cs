using TelemetryExtension.Destinations;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>What a refusal means: for its payloads, and for those that come after them.</summary>
internal sealed partial class PayloadOutbox
{
    /// <summary>
    /// Decides what waits for a destination that refuses the signal for good. It goes the way of what was refused last: content that nobody
    /// takes is dropped, anything else waits for the dead letters. Does nothing while the signal is open, or while a trial is due or under way.
    /// </summary>
    public void TurnAway(DeliveryLane lane)
    {
        lock (_gate)
        {
            if (lane.Refusal is { IsClosed: true, IsOnTrial: false } && !lane.Refusal.IsTrialDue(_time.GetUtcNow()))
                RefuseAll(lane, lane.Queue.TakeAll(), lane.Refusal.IsAboutContent);
        }

        WakeFiles();
    }

    /// <summary>False when every signal is refused for good, or gets no answer: then no invocation is worth waiting for a flush.</summary>
    public bool AnyoneAnswers
    {
        get
        {
            lock (_gate)
                return Array.Exists(_lanes, static lane => !lane.Refusal.IsClosed && !lane.IsSilent);
        }
    }

    /// <summary>Books the end of a flush with one destination.</summary>
    /// <param name="isHeld">Whether an invocation may have waited for it.</param>
    public void FlushEnded(SilentFlushes destination, IReadOnlyCollection<Signal> answered, IReadOnlyCollection<Signal> silent, bool isHeld)
    {
        if (answered.Count == 0 && silent.Count == 0)
            return;
        lock (_gate)
            destination.FlushEnded(answered, silent, isHeld);
    }

    public bool IsSilent(DeliveryLane lane)
    {
        lock (_gate)
            return lane.IsSilent;
    }

    /// <summary>Whether something waits for a destination that gets its requests in the background, and may be tried now.</summary>
    public bool HasSilentWork
    {
        get
        {
            lock (_gate)
                return Array.Exists(_lanes, lane => lane.IsSilent && lane.Queue.Open > 0 && lane.Health.WaitFrom(_time.GetUtcNow(), isLastChance: false) == TimeSpan.Zero);
        }
    }

    private bool Refuse(DeliveryLane lane, DeliveryBatch batch, OtlpPayload sent, DeliveryResult answer, double random)
    {
        var isAboutContent = answer.MayBeTooLargeOrPoisoned;
        // A large request says nothing about smaller ones.
        var isAboutSize = answer.IsTooLarge && sent.Body.Length > MergeLimit.MinBytes;
        var content = batch.Content;
        if (!content.IsSplit)
            content.Allow(isAboutSize || content.RefusalsBefore != lane.Refusal.Count ? SignalRefusal.MaxFirstInARow(batch.Records) : lane.Refusal.MaxInARow(batch.Records));
        content.Refused();
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
        return closes;
    }

    private void SplitOrRefuse(DeliveryLane lane, DeliveryBatch batch, OtlpPayload sent, double random)
    {
        try
        {
            if (!batch.Content.IsSpent && BatchSplit.TrySplit(batch, sent, lane.Index) is { } halves)
            {
                lane.Queue.PutNext(halves);
                return;
            }

            RefuseAll(lane, batch.Parts, isAboutContent: true);
            if (batch.Content is { IsPartlyTaken: false, IsSpent: true })
                RefuseAll(lane, lane.Queue.TakeAllOf(batch.Content), isAboutContent: true);
        }
        catch (OutOfMemoryException)
        {
            // Halves are copies: there may be room for them later.
            lane.Failed(batch, _time.GetUtcNow(), null, random);
            lane.Queue.PutNext(batch);
        }
    }

    private void RefuseAll(DeliveryLane lane, IEnumerable<DeliveryPart> parts, bool isAboutContent) =>
        Decide(lane, parts, isAboutContent ? RecordOutcome.Refused : RecordOutcome.Unwanted);
}
