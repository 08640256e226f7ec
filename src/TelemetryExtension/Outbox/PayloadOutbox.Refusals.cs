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

    /// <summary>False when every signal is refused for good, or belongs to the background: then no invocation is worth waiting for a flush.</summary>
    public bool AnyoneAnswers
    {
        get
        {
            lock (_gate)
                return Array.Exists(_lanes, static lane => !lane.Refusal.IsClosed && !lane.IsInBackground);
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

    /// <summary>Whether no invocation waits for the signal's requests.</summary>
    public bool IsInBackground(DeliveryLane lane)
    {
        lock (_gate)
            return lane.IsInBackground;
    }

    /// <summary>Whether something waits for a destination that gets its requests in the background, and may be tried now.</summary>
    public bool HasSilentWork
    {
        get
        {
            lock (_gate)
                return Array.Exists(_lanes, lane => lane.IsInBackground && lane.Queue.Open > 0 && lane.Health.WaitFrom(_time.GetUtcNow(), isLastChance: false) == TimeSpan.Zero);
        }
    }

    /// <summary>Of a content whose samples were tried first, what is left goes on in two halves as soon as one of them was taken.</summary>
    private static LaneChange Taken(DeliveryLane lane, DeliveryBatch batch)
    {
        var content = batch.Content;
        var isFirst = !content.IsPartlyTaken;
        if (content.IsSampled && lane.Queue.TakeAllOf(content) is { Count: > 0 } rest)
        {
            var left = new DeliveryBatch(batch.Signal, rest, content);
            lane.Queue.PutNext(left.Halve() ?? [left]);
        }

        content.Taken();
        if (!content.IsSplit)
            lane.Refusal.TakenWhole();
        else if (isFirst && content.HasBad && lane.Refusal.TakenInPart())
            return LaneChange.TakenInPart;
        return LaneChange.None;
    }

    private LaneChange Refuse(DeliveryLane lane, DeliveryBatch batch, OtlpPayload sent, DeliveryResult answer, double random)
    {
        var isAboutContent = answer.MayBeTooLargeOrPoisoned;
        // A large request says nothing about smaller ones.
        var isAboutSize = answer.IsTooLarge && sent.Body.Length > MergeLimit.MinBytes;
        var content = batch.Content;
        if (!content.IsSplit && isAboutSize)
            content.Allow(SignalRefusal.MaxInARow(batch.Records));
        else if (!content.IsSplit)
            content.AllowSamples(content.RefusalsBefore != lane.Refusal.Count ? SignalRefusal.Samples : lane.Refusal.SamplesLeft, SignalRefusal.MaxInARow(batch.Records));
        // Cutting ends by itself where pieces are small: a large piece that is refused for its size does not use up the content's refusals.
        if (!isAboutSize)
        {
            content.Refused();
            content.HasBad = true;
            lane.Refusal.RequestRefused();
            if (!content.IsPartlyTaken && (content.IsSplit || batch.Records == 1))
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
            if (!batch.Content.IsSpent && (Sampled(lane, batch, sent) ?? BatchSplit.TrySplit(batch, sent, lane.Index)) is { } pieces)
            {
                lane.Queue.PutNext(pieces);
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

    private static DeliveryBatch[]? Sampled(DeliveryLane lane, DeliveryBatch batch, OtlpPayload sent) =>
        batch.Content is { IsSampled: true, IsSplit: false } ? BatchSample.TryTake(batch, sent, lane.Index, SignalRefusal.Samples) : null;

    private void RefuseAll(DeliveryLane lane, IEnumerable<DeliveryPart> parts, bool isAboutContent) =>
        Decide(lane, parts, isAboutContent ? RecordOutcome.Refused : RecordOutcome.Unwanted);
}
