namespace TelemetryExtension.Export;

/// <summary>One destination's own queue and its state of health. Guarded by the outbox's lock.</summary>
internal sealed class DeliveryLane(IDestination destination, int index, RetrySchedule schedule)
{
    private readonly Queue<OutboxEntry>[] _fresh = [new(), new(), new()];
    private readonly LinkedList<DeliveryBatch> _again = new();
    private readonly int[] _inFlight = new int[3];
    private DateTimeOffset _failedAt;
    private TimeSpan _delay;
    private bool _serverAsked;

    public IDestination Destination { get; } = destination;

    public int Index { get; } = index;

    /// <summary>Failures in a row; 0 means healthy.</summary>
    public int Failures { get; private set; }

    /// <summary>Entries no request was made of yet, and some that left the outbox since.</summary>
    public int Queued => _fresh[0].Count + _fresh[1].Count + _fresh[2].Count;

    public void Add(OutboxEntry entry) => _fresh[(int)entry.Payload.Signal].Enqueue(entry);

    /// <summary>
    /// Lets go of entries that left the outbox, once they are most of what is queued: while a batch is tried again and again nothing else
    /// is taken, and what is shed meanwhile would stay for ever.
    /// </summary>
    /// <param name="live">Entries in the outbox.</param>
    public void ForgetGone(int live)
    {
        if (Queued <= (2 * live) + 64)
            return;
        foreach (var queue in _fresh)
            for (var left = queue.Count; left > 0; left--)
                if (queue.Dequeue() is { IsGone: false } entry)
                    queue.Enqueue(entry);
    }

    /// <summary>
    /// The next request: first what failed before, then the oldest payloads, merged up to <paramref name="maxBytes"/> (one payload that is
    /// larger goes alone). Metrics go one request at a time, since backends want them in order.
    /// </summary>
    public DeliveryBatch? Take(int maxBytes)
    {
        for (var node = _again.First; node is not null; )
        {
            var next = node.Next;
            node.Value.RemoveGone();
            if (node.Value.Parts.Count == 0)
            {
                _again.Remove(node);
            }
            else if (IsFree(node.Value.Signal))
            {
                _again.Remove(node);
                return Started(node.Value);
            }

            node = next;
        }

        Queue<OutboxEntry>? oldest = null;
        foreach (var queue in _fresh)
        {
            while (queue.TryPeek(out var head) && head.IsGone)
                queue.Dequeue();
            if (queue.TryPeek(out var first) && IsFree(first.Payload.Signal) && (oldest is null || first.Sequence < oldest.Peek().Sequence))
                oldest = queue;
        }

        if (oldest is null)
            return null;
        var parts = new List<DeliveryPart>();
        long bytes = 0;
        while (oldest.TryPeek(out var entry) && (parts.Count == 0 || bytes + entry.Size <= maxBytes))
        {
            oldest.Dequeue();
            if (entry.IsGone)
                continue;
            parts.Add(new(entry, entry.Records));
            bytes += entry.Size;
        }

        return Started(new(parts[0].Entry.Payload.Signal, parts));
    }

    public void Finished(DeliveryBatch batch)
    {
        _inFlight[(int)batch.Signal]--;
        foreach (var part in batch.Parts)
            part.Entry.InUse--;
    }

    /// <summary>Puts batches where they are the next to go.</summary>
    public void Again(params ReadOnlySpan<DeliveryBatch> batches)
    {
        for (var i = batches.Length - 1; i >= 0; i--)
            _again.AddFirst(batches[i]);
    }

    public void Succeeded()
    {
        Failures = 0;
        _delay = TimeSpan.Zero;
        _serverAsked = false;
    }

    /// <summary>
    /// The last chance: what failed before, maybe minutes ago, must not make the pauses of these last seconds long. A server's own wish stays.
    /// </summary>
    public void BackOffAnew() => Failures = Math.Min(Failures, 1);

    public void Failed(DateTimeOffset now, TimeSpan? retryAfter, double random)
    {
        Failures++;
        _failedAt = now;
        _delay = schedule.DelayAfter(Failures, retryAfter, random);
        _serverAsked = retryAfter > TimeSpan.Zero;
    }

    /// <summary>
    /// How long the destination is to be left alone. By the wall clock, since a server's wish goes on while we are frozen; when the clock was set
    /// back, the pause begins anew, once. At the last chance our own back-off is ignored, the server's wish is not.
    /// </summary>
    public TimeSpan WaitFrom(DateTimeOffset now, bool isLastChance)
    {
        if (isLastChance && !_serverAsked)
            return TimeSpan.Zero;
        if (now < _failedAt)
            _failedAt = now;
        var left = _failedAt + _delay - now;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private bool IsFree(Signal signal) => signal != Signal.Metrics || _inFlight[(int)signal] == 0;

    private DeliveryBatch Started(DeliveryBatch batch)
    {
        _inFlight[(int)batch.Signal]++;
        foreach (var part in batch.Parts)
            part.Entry.InUse++;
        return batch;
    }
}
