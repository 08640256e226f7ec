using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>
/// Keeps the outbox's entries in order of arrival, in one list per state, so that the next entry to move or to shed is found without a search. Guarded by
/// the outbox's lock.
/// </summary>
internal sealed class OutboxOrder
{
    private readonly LinkedList<OutboxEntry>[] _inMemory = [new(), new(), new()];
    private readonly LinkedList<OutboxEntry>[] _inFiles = [new(), new(), new()];

    /// <summary>Entries with requests in flight.</summary>
    private readonly LinkedList<OutboxEntry> _busy = new();
    private readonly LinkedList<OutboxEntry> _expiredInMemory = new();
    private readonly LinkedList<OutboxEntry> _expiredInFiles = new();
    private LinkedListNode<OutboxEntry>? _lastPlaced;

    /// <summary>Entries without those that only wait for the dead letters.</summary>
    public int Count { get; private set; }

    public int Expired => _expiredInMemory.Count + _expiredInFiles.Count;

    public OutboxEntry? OldestExpired => Older(_expiredInMemory.First?.Value, _expiredInFiles.First?.Value);

    public OutboxEntry? OldestExpiredInMemory => _expiredInMemory.First?.Value;

    /// <summary>The oldest entry in memory without a request in flight.</summary>
    public OutboxEntry? OldestInMemory => Older(OldestInMemoryOf(Signal.Traces), Older(OldestInMemoryOf(Signal.Metrics), OldestInMemoryOf(Signal.Logs)));

    /// <summary>The oldest entry anywhere, even with a request in flight.</summary>
    public OutboxEntry? Oldest
    {
        get
        {
            var oldest = Older(_busy.First?.Value, OldestInMemory);
            foreach (var files in _inFiles)
                oldest = Older(oldest, files.First?.Value);
            return oldest;
        }
    }

    public OutboxEntry? OldestInMemoryOf(Signal signal) => _inMemory[(int)signal].First?.Value;

    public OutboxEntry? OldestOf(Signal signal) => Older(OldestInMemoryOf(signal), _inFiles[(int)signal].First?.Value);

    /// <summary>A copy of the list.</summary>
    public List<OutboxEntry> InMemoryOf(Signal signal) => [.. _inMemory[(int)signal]];

    /// <summary>A copy of all entries in files, including those past their limits and those with requests in flight.</summary>
    public List<OutboxEntry> InFiles() => [.. _inFiles.SelectMany(static files => files), .. _busy.Where(static entry => entry.File is not null), .. _expiredInFiles];

    /// <summary>Puts a new or changed entry into the list for its state.</summary>
    public void Place(OutboxEntry entry)
    {
        var node = entry.Node;
        var list = ListOf(entry);
        if (node.List == list)
            return;
        TakeOut(entry);
        if (!entry.IsExpired)
            Count++;
        if (list == _busy || list.Last is not { } last || last.Value.Sequence < entry.Sequence)
            list.AddLast(node);
        else
            AddInOrder(list, node);
        _lastPlaced = node;
    }

    public void TakeOut(OutboxEntry entry)
    {
        if (entry.Node.List is not { } list)
            return;
        if (list != _expiredInMemory && list != _expiredInFiles)
            Count--;
        list.Remove(entry.Node);
    }

    /// <summary>
    /// Inserts an entry in order. An entry that returns from a request is older than nearly all others, and a batch's entries return one after the other.
    /// </summary>
    private void AddInOrder(LinkedList<OutboxEntry> list, LinkedListNode<OutboxEntry> node)
    {
        var sequence = node.Value.Sequence;
        var next = _lastPlaced is { } before && before.List == list && before.Value.Sequence < sequence ? before.Next : list.First;
        while (next is not null && next.Value.Sequence < sequence)
            next = next.Next;
        if (next is null)
            list.AddLast(node);
        else
            list.AddBefore(next, node);
    }

    private LinkedList<OutboxEntry> ListOf(OutboxEntry entry) => entry switch
    {
        { IsExpired: true, File: null } => _expiredInMemory,
        { IsExpired: true } => _expiredInFiles,
        { IsBusy: true } => _busy,
        { File: null } => _inMemory[(int)entry.Payload.Signal],
        _ => _inFiles[(int)entry.Payload.Signal],
    };

    private static OutboxEntry? Older(OutboxEntry? one, OutboxEntry? other) =>
        one is null || (other is not null && other.Sequence < one.Sequence) ? other : one;
}
