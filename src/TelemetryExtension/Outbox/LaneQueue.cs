namespace TelemetryExtension.Outbox;

/// <summary>
/// What waits for one destination in one signal, in the order in which it goes. The only owner of <see cref="OutboxEntry.Places"/>. Guarded by
/// the outbox's lock.
/// </summary>
/// <param name="destination">The destination's place among the destinations.</param>
internal sealed class LaneQueue(int destination)
{
    /// <summary>Entries no request was made of yet.</summary>
    private readonly LinkedList<OutboxEntry> _fresh = new();

    /// <summary>The next to go: halves of what was refused, and what was no failure of the destination.</summary>
    private readonly LinkedList<DeliveryBatch> _next = new();

    /// <summary>What failed, in that order; behind everything else.</summary>
    private readonly LinkedList<DeliveryBatch> _again = new();

    /// <summary>Entries no request was made of yet.</summary>
    public int Fresh => _fresh.Count;

    /// <summary>Entries that this destination has not decided about.</summary>
    public int Open { get; private set; }

    /// <summary>Of their bodies.</summary>
    public long OpenBytes { get; private set; }

    public void Add(OutboxEntry entry)
    {
        entry.Account.Open(destination);
        entry.Places[destination] = new(_fresh.AddLast(entry), null);
        Open++;
        OpenBytes += entry.Size;
    }

    /// <summary>The destination has decided about all of an entry that stays in the outbox for others.</summary>
    public void Close(OutboxEntry entry)
    {
        entry.Places[destination] = default;
        Open--;
        OpenBytes -= entry.Size;
    }

    /// <summary>Forgets an entry that leaves the outbox. Batches that are out are left as they are.</summary>
    public void Remove(OutboxEntry entry)
    {
        if (!entry.Account.IsOpen(destination))
            return;
        var place = entry.Places[destination];
        Close(entry);
        if (place.Fresh is { } node)
            _fresh.Remove(node);
        place.Batch?.OneIsGone();
    }

    /// <summary>Whether two entries wait in the same place, or neither waits.</summary>
    public bool WaitAlike(OutboxEntry one, OutboxEntry other)
    {
        var (mine, others) = (one.Places[destination], other.Places[destination]);
        return mine.Batch == others.Batch && mine.Fresh is null == others.Fresh is null;
    }

    public DeliveryBatch? BatchOf(OutboxEntry entry) => entry.Places[destination].Batch;

    /// <summary>
    /// One entry of a group goes on as all of them, in its own place. They wait here in the same place one after the other, or nowhere; the others
    /// are gone already.
    /// </summary>
    public void Merge(OutboxEntry one, IReadOnlyList<OutboxEntry> group)
    {
        if (!one.Account.IsOpen(destination))
            return;
        foreach (var entry in group)
        {
            if (entry == one)
                continue;
            Open--;
            if (entry.Places[destination].Fresh is { } node)
                _fresh.Remove(node);
            entry.Places[destination] = default;
        }

        BatchOf(one)?.RemoveMerged();
    }

    /// <summary>The oldest entries that were not tried yet, up to a size; one that is larger goes alone.</summary>
    public List<DeliveryPart> TakeFresh(int maxBytes)
    {
        var parts = new List<DeliveryPart>();
        long bytes = 0;
        while (_fresh.First?.Value is { } entry && (parts.Count == 0 || bytes + entry.Size <= maxBytes))
        {
            _fresh.RemoveFirst();
            entry.Places[destination] = default;
            parts.Add(new(entry));
            bytes += entry.Size;
        }

        return parts;
    }

    public DeliveryBatch? TakeNext() => TakeFirst(_next, static _ => true);

    /// <summary>The first of those that failed and may go again.</summary>
    public DeliveryBatch? TakeAgain(Func<DeliveryBatch, bool> mayGo) => TakeFirst(_again, mayGo);

    /// <summary>Puts batches where they are the next to go.</summary>
    public void PutNext(params ReadOnlySpan<DeliveryBatch> batches)
    {
        for (var i = batches.Length - 1; i >= 0; i--)
            _next.AddFirst(Waiting(batches[i]));
    }

    /// <summary>Puts a batch behind everything else.</summary>
    public void PutAgain(DeliveryBatch batch) => _again.AddLast(Waiting(batch));

    /// <summary>
    /// Takes out of what failed before whatever may not be tried again, and forgets what left the outbox meanwhile: while there is fresh telemetry with
    /// every flush, and the destination takes none, nothing else looks at these.
    /// </summary>
    public List<DeliveryPart> TakePastLimits(Func<DeliveryBatch, DeliveryPart, bool> isPastLimits) =>
        TakeOut(_next, batch => batch.Remove(part => isPastLimits(batch, part)))
            .Concat(TakeOut(_again, batch => batch.Remove(part => isPastLimits(batch, part)))).ToList();

    /// <summary>Takes everything, for a destination that gets none of it.</summary>
    public List<DeliveryPart> TakeAll()
    {
        var parts = TakeOut(_next, static batch => batch.Remove(static _ => true))
            .Concat(TakeOut(_again, static batch => batch.Remove(static _ => true))).ToList();
        while (_fresh.Count > 0)
            parts.AddRange(TakeFresh(int.MaxValue));
        return parts;
    }

    /// <summary>Takes the pieces of one content that wait for a request of their own.</summary>
    public List<DeliveryPart> TakeAllOf(SplitContent content) =>
        TakeOut(_next, batch => batch.Content == content ? batch.Remove(static _ => true) : []).ToList();

    private List<DeliveryPart> TakeOut(LinkedList<DeliveryBatch> list, Func<DeliveryBatch, List<DeliveryPart>> take)
    {
        var taken = new List<DeliveryPart>();
        for (var node = list.First; node is not null;)
        {
            var (batch, next) = (node.Value, node.Next);
            batch.RemoveGone();
            foreach (var part in take(batch))
            {
                part.Entry.Places[destination] = default;
                taken.Add(part);
            }

            if (batch.Parts.Count == 0)
                list.Remove(node);
            node = next;
        }

        return taken;
    }

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
                foreach (var part in batch.Parts)
                    part.Entry.Places[destination] = default;
                return batch;
            }

            node = next;
        }

        return null;
    }

    private DeliveryBatch Waiting(DeliveryBatch batch)
    {
        foreach (var part in batch.Parts)
            part.Entry.Places[destination] = new(null, batch);
        return batch;
    }
}
