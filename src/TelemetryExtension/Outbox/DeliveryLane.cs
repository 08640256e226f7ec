using TelemetryExtension.Destinations;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>
/// One signal's path to one destination, with its own queue and its own health: each signal has its own URL, and one that answers 503 says nothing about
/// the others. Decides which request is next. Guarded by the outbox's lock.
/// </summary>
/// <param name="number">Its index among all lanes.</param>
/// <param name="index">The index of its destination.</param>
internal sealed class DeliveryLane(
    IDestination destination, Signal signal, int number, int index, RequestSlots slots, SilentFlushes silence, RetrySchedule schedule)
{
    /// <summary>
    /// Backends want metrics in order. So a failed batch of metrics stays first for this many failures; after that, later batches overtake it.
    /// </summary>
    private const int MaxMetricsFailuresInOrder = 8;

    private int _inFlight;

    public IDestination Destination { get; } = destination;

    public Signal Signal { get; } = signal;

    public int Number { get; } = number;

    public int Index { get; } = index;

    public LaneQueue Queue { get; } = new(index);

    public LaneHealth Health { get; } = new(schedule);

    public MergeLimit MergeLimit { get; } = new();

    public SignalRefusal Refusal { get; } = new();

    public SilentFlushes Silence { get; } = silence;

    /// <summary>Whether requests are sent in the background, where no invocation waits for them.</summary>
    public bool IsInBackground => Silence.IsSilent(Signal) || Refusal.IsAcceptedInPart;

    /// <summary>
    /// Takes the next request: the oldest payloads without an attempt, merged up to a size, then batches that failed. Failed batches wait while others are
    /// accepted, so that a payload that always fails does not delay every flush. Metrics are sent one request at a time. A signal that is refused for good
    /// gets only its trial. Returns null when nothing may be sent now.
    /// </summary>
    /// <param name="isLastChance">Ignores the back-off of failed batches.</param>
    public DeliveryBatch? Take(int maxBytes, DateTimeOffset now, bool isLastChance)
    {
        var isTrial = Refusal.IsTrialDue(now);
        if ((Refusal.IsClosed && !isTrial) || !slots.IsFree(_inFlight > 0) || (Signal == Signal.Metrics && _inFlight > 0))
            return null;
        if ((Queue.TakeNext() ?? Merge(maxBytes) ?? Queue.TakeFailed(batch => isLastChance || Health.Failures > 0 || batch.IsDue(now))) is not { } next)
            return null;
        _inFlight++;
        slots.Take();
        next.Begin(Health.Round, isTrial);
        next.Content.RefusalsBefore ??= Refusal.Count;
        if (isTrial)
            Refusal.TrialStarted();
        return next;
    }

    /// <summary>Records that a request ended, whatever its result.</summary>
    /// <param name="random">From 0 up to 1.</param>
    public void Finished(DeliveryBatch batch, DateTimeOffset now, double random)
    {
        _inFlight--;
        slots.Release();
        if (batch.End())
            Refusal.TrialEnded(now, random);
    }

    /// <summary>Records that the destination did not accept a batch.</summary>
    /// <param name="random">From 0 up to 1.</param>
    public void Failed(DeliveryBatch batch, DateTimeOffset now, TimeSpan? retryAfter, double random)
    {
        batch.Failed(now, schedule, random);
        Health.Failed(batch.Round, now, retryAfter, random);
    }

    /// <summary>Puts a failed batch back into the queue.</summary>
    public void PutBack(DeliveryBatch batch)
    {
        if (Signal == Signal.Metrics && batch.Failures < MaxMetricsFailuresInOrder)
            Queue.PutNext(batch);
        else
            Queue.PutLast(batch);
    }

    private DeliveryBatch? Merge(int maxBytes) =>
        Queue.TakeFresh(Math.Min(maxBytes, MergeLimit.Bytes)) is { Count: > 0 } parts ? new(Signal, parts) : null;
}
