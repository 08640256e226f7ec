namespace TelemetryExtension.Outbox;

/// <summary>
/// Payloads of one signal that wait for one destination, in the order in which they are sent. The only owner of <see cref="OutboxEntry.Places"/>. Guarded
/// by the outbox's lock.
/// </summary>
/// <param name="destination">The destination's index.</param>
internal sealed class LaneQueue(int destination)
{
    /// <summary>Entries without a request so far.</summary>
    private readonly LinkedList<OutboxEntry> _fresh = new();

    /// <summary>Batches to send first: halves of refused ones, and batches that failed for other reasons than the destination.</summary>
    private readonly LinkedList<DeliveryBatch> _next = new();

    /// <summary>Failed batches in order of failure, sent after everything else.</summary>
    private readonly LinkedList<DeliveryBatch> _failed = new();

    /// <summary>Entries without a request so far.</summary>
    public int Fresh => _fresh.Count;

    /// <summary>Entries that this destination has not decided about.</summary>
    public int Open { get; private set; }

    /// <summary>Bytes of their bodies.</summary>
    public long OpenBytes { get; private set; }

    public void Add(OutboxEntry entry)
    {
        entry.Account.Open(destination);
        entry.Places[destination] = new(_fresh.AddLast(entry), null);
        Open++;
        OpenBytes += entry.Size;
    }

    /// <summary>Removes an entry that the destination has decided about and that stays in the outbox for others.</summary>
    public void Close(OutboxEntry entry)
    {
        entry.Places[destination] = default;
        Open--;
        OpenBytes -= entry.Size;
    }

    /// <summary>Removes an entry that leaves the outbox. Batches with a request in flight keep it.</summary>
    public void Remove(OutboxEntry entry)
    {
        if (!entry.Account.IsOpen(destination))
            return;
        var place = entry.Places[destination];
        Close(entry);
        if (place.Fresh is { } node)
            _fresh.Remove(node);
        place.Batch?.EntryRemoved();
    }

    /// <summary>Whether one entry waits directly behind another, or neither waits. Merged, such entries keep their order.</summary>
    public bool AreQueuedInARow(OutboxEntry one, OutboxEntry next)
    {
        var (mine, others) = (one.Places[destination], next.Places[destination]);
        if (mine.Batch != others.Batch || mine.Fresh is null != others.Fresh is null)
            return false;
        return mine.Fresh is { } node ? node.Next == others.Fresh : mine.Batch is not { } batch || batch.AreInARow(one, next);
    }

    /// <summary>Removes what left the outbox from the entry's batch. The rest has another content, and so another id.</summary>
    public void RemoveGoneBeside(OutboxEntry entry) => BatchOf(entry)?.RemoveGone();

    public DeliveryBatch? BatchOf(OutboxEntry entry) => entry.Places[destination].Batch;

    /// <summary>
    /// Lets one entry of a group represent all of them, in its own place. They wait here one after the other, or not at all. The others have already left
    /// the outbox.
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

    /// <summary>Takes the oldest entries without a request, up to a size. A larger one is taken alone.</summary>
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

    /// <summary>Takes the first failed batch that may be sent again.</summary>
    public DeliveryBatch? TakeFailed(Func<DeliveryBatch, bool> isDue) => TakeFirst(_failed, isDue);

    /// <summary>Puts batches at the front.</summary>
    public void PutNext(params ReadOnlySpan<DeliveryBatch> batches)
    {
        for (var i = batches.Length - 1; i >= 0; i--)
            _next.AddFirst(Waiting(batches[i]));
    }

    /// <summary>Puts a batch at the very end.</summary>
    public void PutLast(DeliveryBatch batch) => _failed.AddLast(Waiting(batch));

    /// <summary>
    /// Takes the parts past their limits out of the failed batches, and removes those that left the outbox. While every flush brings new telemetry and the
    /// destination takes none, nothing else visits failed batches.
    /// </summary>
    public List<DeliveryPart> TakePastLimits(Func<DeliveryBatch, DeliveryPart, bool> isPastLimits) =>
        TakeOut(_next, batch => batch.Remove(part => isPastLimits(batch, part)))
            .Concat(TakeOut(_failed, batch => batch.Remove(part => isPastLimits(batch, part)))).ToList();

    /// <summary>Takes everything, because the destination gets none of it.</summary>
    public List<DeliveryPart> TakeAll()
    {
        var parts = TakeOut(_next, static batch => batch.Remove(static _ => true))
            .Concat(TakeOut(_failed, static batch => batch.Remove(static _ => true))).ToList();
        while (_fresh.Count > 0)
            parts.AddRange(TakeFresh(int.MaxValue));
        return parts;
    }

    /// <summary>Takes the pieces of one content that wait for their own request.</summary>
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

    private DeliveryBatch? TakeFirst(LinkedList<DeliveryBatch> list, Func<DeliveryBatch, bool> isDue)
    {
        for (var node = list.First; node is not null;)
        {
            var (batch, next) = (node.Value, node.Next);
            batch.RemoveGone();
            if (batch.Parts.Count == 0)
            {
                list.Remove(node);
            }
            else if (isDue(batch))
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
