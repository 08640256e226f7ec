using TelemetryExtension.Destinations;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>
/// One signal's way to one destination, with its own queue and its own state of health: signals have URLs of their own, and one that answers 503
/// says nothing about the others. Guarded by the outbox's lock.
/// </summary>
/// <param name="number">Its place among all lanes.</param>
/// <param name="index">Its destination's place among the destinations.</param>
internal sealed class DeliveryLane(IDestination destination, Signal signal, int number, int index, RequestSlots slots, SilentFlushes silence, RetrySchedule schedule)
{
    /// <summary>
    /// Backends want metrics in order: a batch that failed stays the next to go, until it has failed so often that it holds up all that come after it.
    /// </summary>
    private const int PatienceWithMetrics = 8;

    /// <summary>One odd answer must not turn every payload into a request of its own for good.</summary>
    public const int MinMergeBytes = 4096;

    /// <summary>After so many requests of about the size that is known to be taken, one of twice the size is tried: limits are raised, and proxies replaced.</summary>
    private const int FittingBeforeMore = 1000;

    private readonly LinkedList<OutboxEntry> _fresh = new();

    /// <summary>The next to go: halves of what was refused, and what was no failure of the destination.</summary>
    private readonly LinkedList<DeliveryBatch> _next = new();

    /// <summary>What failed, in that order; behind all that did not.</summary>
    private readonly LinkedList<DeliveryBatch> _again = new();
    private int _inFlight;
    private int _round;
    private Pause _pause;
    private bool _serverAsked;
    private int _mostBytes = int.MaxValue;
    private int _fitting;

    public IDestination Destination { get; } = destination;

    public Signal Signal { get; } = signal;

    public int Number { get; } = number;

    public int Index { get; } = index;

    /// <summary>Failures in a row; 0 means healthy. Requests that were under way at the same time fail together, as one.</summary>
    public int Failures { get; private set; }

    public SignalRefusal Refusal { get; } = new();

    public SilentFlushes Silence { get; } = silence;

    /// <summary>Requests to it belong to the background: no invocation waits for them.</summary>
    public bool IsSilent => Silence.IsSilent(Signal);

    /// <summary>Entries no request was made of yet.</summary>
    public int Queued => _fresh.Count;

    /// <summary>Entries that are not decided here.</summary>
    public int Open { get; private set; }

    /// <summary>Of their bodies.</summary>
    public long OpenBytes { get; private set; }

    public void Add(OutboxEntry entry)
    {
        ref var share = ref entry.Shares[Index];
        share.OpenParts = 1;
        share.Fresh = _fresh.AddLast(entry);
        Open++;
        OpenBytes += entry.Size;
    }

    /// <summary>Forgets an entry that leaves the outbox. Batches that are out are left as they are.</summary>
    public void Remove(OutboxEntry entry)
    {
        ref var share = ref entry.Shares[Index];
        if (share.OpenParts == 0)
            return;
        Close(entry);
        if (share.Fresh is { } node)
            _fresh.Remove(node);
        share.Fresh = null;
        share.Batch?.OneIsGone();
        share.Batch = null;
    }

    /// <summary>An entry in the outbox is decided here.</summary>
    public void Close(OutboxEntry entry)
    {
        Open--;
        OpenBytes -= entry.Size;
    }

    /// <summary>
    /// One entry of a group goes on as all of them, in its own place. They wait here in the same place one after the other, or nowhere; the others
    /// are gone already.
    /// </summary>
    public void Merge(OutboxEntry one, List<OutboxEntry> group)
    {
        if (one.Shares[Index].OpenParts == 0)
            return;
        foreach (var entry in group)
        {
            if (entry == one)
                continue;
            Open--;
            ref var share = ref entry.Shares[Index];
            if (share.Fresh is { } node)
                _fresh.Remove(node);
            share = default;
        }

        one.Shares[Index].Batch?.RemoveMerged();
    }

    /// <summary>
    /// Takes out of what failed before whatever may not be tried again, and forgets what left the outbox meanwhile: while there is fresh telemetry with
    /// every flush, and the destination takes none, nothing else looks at these.
    /// </summary>
    public List<DeliveryPart> Sweep(Func<DeliveryBatch, DeliveryPart, bool> isPastLimits)
    {
        var past = new List<DeliveryPart>();
        foreach (var list in (ReadOnlySpan<LinkedList<DeliveryBatch>>)[_next, _again])
        {
            for (var node = list.First; node is not null;)
            {
                var (batch, next) = (node.Value, node.Next);
                batch.RemoveGone();
                past.AddRange(batch.Remove(part => isPastLimits(batch, part)));
                if (batch.Parts.Count == 0)
                    list.Remove(node);
                node = next;
            }
        }

        return past;
    }

    /// <summary>
    /// The next request: the oldest payloads that were not tried yet, merged up to <paramref name="maxBytes"/> (one payload that is larger goes
    /// alone), then what failed before. That one rests while others are taken: one that always fails must not cost every flush its time. Metrics go
    /// one request at a time.
    /// </summary>
    /// <param name="isLastChance">Nothing rests any more.</param>
    public DeliveryBatch? Take(int maxBytes, DateTimeOffset now, bool isLastChance)
    {
        if (!slots.IsFree(_inFlight > 0) || (Signal == Signal.Metrics && _inFlight > 0))
            return null;
        return TakeFirst(_next, static _ => true) ?? TakeFresh(maxBytes) ?? TakeFirst(_again, batch => isLastChance || Failures > 0 || batch.Pause.LeftAt(now) == TimeSpan.Zero);
    }

    /// <summary>Takes all that waits for a first or another request, for a destination that gets none of it.</summary>
    public List<DeliveryPart> TakeAll()
    {
        var parts = new List<DeliveryPart>();
        foreach (var list in (ReadOnlySpan<LinkedList<DeliveryBatch>>)[_next, _again])
        {
            foreach (var batch in list)
            {
                batch.RemoveGone();
                parts.AddRange(batch.Parts);
            }

            list.Clear();
        }

        foreach (var entry in _fresh)
        {
            entry.Shares[Index].Fresh = null;
            parts.Add(new(entry));
        }

        _fresh.Clear();
        return parts;
    }

    /// <summary>Takes the pieces of a content that wait for a request of their own.</summary>
    public List<DeliveryPart> TakeAllOf(SplitContent content)
    {
        var parts = new List<DeliveryPart>();
        for (var node = _next.First; node is not null; )
        {
            var (batch, next) = (node.Value, node.Next);
            if (batch.Content == content)
            {
                batch.RemoveGone();
                parts.AddRange(batch.Parts);
                _next.Remove(node);
            }

            node = next;
        }

        return parts;
    }

    public void Finished(DeliveryBatch batch)
    {
        _inFlight--;
        slots.Release();
        batch.IsOut = false;
        batch.IsTrial = false;
    }

    /// <summary>Puts batches where they are the next to go.</summary>
    public void Next(params ReadOnlySpan<DeliveryBatch> batches)
    {
        for (var i = batches.Length - 1; i >= 0; i--)
            _next.AddFirst(Waiting(batches[i]));
    }

    /// <summary>Puts a batch that failed behind the others.</summary>
    public void Again(DeliveryBatch batch)
    {
        if (Signal == Signal.Metrics && batch.Failures < PatienceWithMetrics)
            _next.AddFirst(Waiting(batch));
        else
            _again.AddLast(Waiting(batch));
    }

    public void Succeeded()
    {
        Failures = 0;
        _pause = default;
        _serverAsked = false;
    }

    /// <summary>A request of this size was too large: later merges stay below half of it, which is what its halves are tried with.</summary>
    public void TooLarge(int bytes) => (_mostBytes, _fitting) = (Math.Min(_mostBytes, Math.Max(MinMergeBytes, bytes / 2)), 0);

    /// <summary>A request of this size was taken.</summary>
    public void Fitted(int bytes)
    {
        if (bytes < _mostBytes / 2 || ++_fitting < FittingBeforeMore)
            return;
        (_mostBytes, _fitting) = (_mostBytes > int.MaxValue / 2 ? int.MaxValue : _mostBytes * 2, 0);
    }

    /// <summary>
    /// The last chance: what failed before, maybe minutes ago, must not make the pauses of these last seconds long. A server's own wish stays.
    /// </summary>
    public void BackOffAnew() => Failures = Math.Min(Failures, 1);

    public void Failed(DeliveryBatch batch, DateTimeOffset now, TimeSpan? retryAfter, double random)
    {
        batch.Failures++;
        batch.Pause = new(now, schedule.DelayAfter(batch.Failures, null, random));
        var isNew = batch.Round == _round;
        if (isNew)
        {
            _round++;
            Failures++;
        }

        Failures = Math.Max(Failures, 1);
        var serverAsks = retryAfter > TimeSpan.Zero;
        if (!isNew && _serverAsked && !serverAsks)
            return;
        _pause = new(now, schedule.DelayAfter(Failures, retryAfter, random));
        _serverAsked = serverAsks;
    }

    /// <summary>For what hit another signal of the same destination before this one was tried: there is not even a connection.</summary>
    public void FailedLike(DeliveryLane other) => (Failures, _pause, _serverAsked) = (1, other._pause, other._serverAsked);

    /// <summary>How long the destination is to be left alone. At the last chance our own back-off is ignored, the server's wish is not.</summary>
    public TimeSpan WaitFrom(DateTimeOffset now, bool isLastChance) => isLastChance && !_serverAsked ? TimeSpan.Zero : _pause.LeftAt(now);

    private DeliveryBatch? TakeFirst(LinkedList<DeliveryBatch> list, Func<DeliveryBatch, bool> mayGo)
    {
        for (var node = list.First; node is not null;)
        {
            var (batch, next) = (node.Value, node.Next);
            batch.RemoveGone();
            if (batch.Parts.Count == 0)
            {
                list.Remove(node);
            }
            else if (mayGo(batch))
            {
                list.Remove(node);
                return Started(batch);
            }

            node = next;
        }

        return null;
    }

    private DeliveryBatch? TakeFresh(int maxBytes)
    {
        var parts = new List<DeliveryPart>();
        long bytes = 0;
        while (_fresh.First?.Value is { } entry && (parts.Count == 0 || bytes + entry.Size <= Math.Min(maxBytes, _mostBytes)))
        {
            _fresh.RemoveFirst();
            entry.Shares[Index].Fresh = null;
            parts.Add(new(entry));
            bytes += entry.Size;
        }

        return parts.Count == 0 ? null : Started(new(Signal, parts));
    }

    private DeliveryBatch Started(DeliveryBatch batch)
    {
        _inFlight++;
        slots.Take();
        batch.Round = _round;
        batch.IsOut = true;
        batch.Content.RefusalsBefore ??= Refusal.Count;
        foreach (var part in batch.Parts)
            part.Entry.Shares[Index].Batch = null;
        return batch;
    }

    private DeliveryBatch Waiting(DeliveryBatch batch)
    {
        foreach (var part in batch.Parts)
            part.Entry.Shares[Index].Batch = batch;
        return batch;
    }
}
