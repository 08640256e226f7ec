using TelemetryExtension.Destinations;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>
/// One signal's way to one destination, with its own queue and its own state of health: signals have URLs of their own, and one that answers 503
/// says nothing about the others. Decides which request goes next. Guarded by the outbox's lock.
/// </summary>
/// <param name="number">Its place among all lanes.</param>
/// <param name="index">Its destination's place among the destinations.</param>
internal sealed class DeliveryLane(
    IDestination destination, Signal signal, int number, int index, RequestSlots slots, SilentFlushes silence, RetrySchedule schedule)
{
    /// <summary>Backends want metrics in order: a batch that failed stays the next to go for so many failures, then the others go by it.</summary>
    private const int PatienceWithMetrics = 8;

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

    /// <summary>Requests to it belong to the background: no invocation waits for them.</summary>
    public bool IsInBackground => Silence.IsSilent(Signal) || Refusal.IsTakenInPart;

    /// <summary>
    /// The next request: the oldest payloads that were not tried yet, merged up to a size, then what failed before. That rests while others are taken:
    /// a payload that always fails must not cost every flush its time. Metrics go one request at a time. A signal that is refused for good gets its trial
    /// or nothing. Null when nothing may go now.
    /// </summary>
    /// <param name="isLastChance">Nothing rests any more.</param>
    public DeliveryBatch? Take(int maxBytes, DateTimeOffset now, bool isLastChance)
    {
        var isTrial = Refusal.IsTrialDue(now);
        if ((Refusal.IsClosed && !isTrial) || !slots.IsFree(_inFlight > 0) || (Signal == Signal.Metrics && _inFlight > 0))
            return null;
        if ((Queue.TakeNext() ?? Merge(maxBytes) ?? Queue.TakeAgain(batch => isLastChance || Health.Failures > 0 || batch.MayGo(now))) is not { } next)
            return null;
        _inFlight++;
        slots.Take();
        next.Begin(Health.Round, isTrial);
        next.Content.RefusalsBefore ??= Refusal.Count;
        if (isTrial)
            Refusal.TrialStarted();
        return next;
    }

    /// <summary>The request is over, whatever came of it.</summary>
    /// <param name="random">From 0 up to 1.</param>
    public void Finished(DeliveryBatch batch, DateTimeOffset now, double random)
    {
        _inFlight--;
        slots.Release();
        if (batch.End())
            Refusal.TrialEnded(now, random);
    }

    /// <summary>The destination failed to take a batch.</summary>
    /// <param name="random">From 0 up to 1.</param>
    public void Failed(DeliveryBatch batch, DateTimeOffset now, TimeSpan? retryAfter, double random)
    {
        batch.Failed(now, schedule, random);
        Health.Failed(batch.Round, now, retryAfter, random);
    }

    /// <summary>Puts a batch that failed where it waits for another request.</summary>
    public void PutBack(DeliveryBatch batch)
    {
        if (Signal == Signal.Metrics && batch.Failures < PatienceWithMetrics)
            Queue.PutNext(batch);
        else
            Queue.PutAgain(batch);
    }

    private DeliveryBatch? Merge(int maxBytes) =>
        Queue.TakeFresh(Math.Min(maxBytes, MergeLimit.Bytes)) is { Count: > 0 } parts ? new(Signal, parts) : null;
}
