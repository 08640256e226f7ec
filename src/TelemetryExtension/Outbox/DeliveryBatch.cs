using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>A payload, or a piece of one that was split.</summary>
/// <param name="records">Records in <paramref name="body"/>.</param>
/// <param name="body">Null stands for the whole entry, even after others are merged into it.</param>
internal sealed class DeliveryPart(OutboxEntry entry, int records = 0, ReadOnlyMemory<byte>? body = null)
{
    public OutboxEntry Entry { get; } = entry;

    public ReadOnlyMemory<byte>? Body { get; } = body;

    public int Records => Body is null ? Entry.Records : records;
}

/// <summary>
/// The content of one request: parts of one signal, end to end, which is a valid merge in protobuf. It keeps its parts and its id until it is accepted,
/// refused or split, so that a backend can recognise a repetition. Guarded by the outbox's lock.
/// </summary>
internal sealed class DeliveryBatch(Signal signal, List<DeliveryPart> parts, SplitContent? content = null)
{
    private readonly List<DeliveryPart> _parts = parts;
    private string? _id;
    private int _gone;
    private int _lastInRow;
    private bool _isOut;
    private bool _isTrial;
    private Pause _pause;

    public Signal Signal { get; } = signal;

    public IReadOnlyList<DeliveryPart> Parts => _parts;

    public string Id => _id ??= IdOf(_parts);

    /// <summary>Completed requests with this batch.</summary>
    public int Attempts { get; private set; }

    /// <summary>Attempts that failed because of the destination.</summary>
    public int Failures { get; private set; }

    /// <summary>The lane's failure round (<see cref="LaneHealth.Round"/>) in which the request began.</summary>
    public int Round { get; private set; }

    /// <summary>State that all pieces of a split content share.</summary>
    public SplitContent Content { get; } = content ?? new();

    public int Records => _parts.Sum(static part => part.Records);

    /// <summary>Whether the back-off after a failure is over.</summary>
    public bool IsDue(DateTimeOffset now) => _pause.LeftAt(now) == TimeSpan.Zero;

    /// <summary>Records that a request begins.</summary>
    /// <param name="isTrial">Whether the request tests if the signal is still refused.</param>
    public void Begin(int round, bool isTrial) => (Round, _isOut, _isTrial) = (round, true, isTrial);

    /// <summary>Records that the request ended. Returns true when it was a trial.</summary>
    public bool End()
    {
        var wasTrial = _isTrial;
        (_isOut, _isTrial) = (false, false);
        return wasTrial;
    }

    /// <summary>Counts a request, whatever its outcome.</summary>
    public void Attempted() => Attempts++;

    /// <param name="random">From 0 up to 1.</param>
    public void Failed(DateTimeOffset now, RetrySchedule schedule, double random) =>
        _pause = new(now, schedule.DelayAfter(++Failures, null, random));

    /// <summary>Removes parts whose payload left the outbox. Different content gets a different id.</summary>
    public void RemoveGone()
    {
        _gone = 0;
        if (_parts.RemoveAll(static part => part.Entry.IsGone) > 0)
            _id = null;
    }

    /// <summary>Records that an entry left the outbox. The batch drops such entries once they are half of it.</summary>
    public void EntryRemoved()
    {
        if (++_gone * 2 > _parts.Count && !_isOut)
            RemoveGone();
    }

    /// <summary>Removes entries that were merged into another entry of the batch. The content stays the same, and so does the id.</summary>
    public void RemoveMerged() => _parts.RemoveAll(static part => part.Entry.IsGone);

    /// <summary>Whether one part comes directly behind another, except for parts that left the outbox. Cheap when called for parts in order.</summary>
    public bool AreInARow(OutboxEntry one, OutboxEntry next)
    {
        var at = _lastInRow < _parts.Count && _parts[_lastInRow].Entry == one ? _lastInRow : _parts.FindIndex(part => part.Entry == one);
        do
            at++;
        while (at < _parts.Count && _parts[at].Entry.IsGone);
        _lastInRow = at;
        return at < _parts.Count && _parts[at].Entry == next;
    }

    /// <summary>Removes parts, for example those that get no further attempt.</summary>
    public List<DeliveryPart> Remove(Predicate<DeliveryPart> isOut)
    {
        var removed = _parts.FindAll(isOut);
        if (removed.Count > 0 && removed.Count < _parts.Count)
        {
            _parts.RemoveAll(isOut);
            _id = null;
        }
        else if (removed.Count > 0)
        {
            _parts.Clear();
        }

        return removed;
    }

    /// <summary>Halves the batch by its parts. Returns null when it has only one.</summary>
    public DeliveryBatch[]? Halve()
    {
        if (_parts.Count < 2)
            return null;
        var half = _parts.Count / 2;
        return [new(Signal, _parts[..half], Content), new(Signal, _parts[half..], Content)];
    }

    /// <summary>Joins the parts' bodies, which <paramref name="bodies"/> holds in order.</summary>
    public OtlpPayload ToPayload(IReadOnlyList<ReadOnlyMemory<byte>> bodies)
    {
        var body = bodies.Count == 1 ? bodies[0] : Concatenate(bodies);
        return new(Signal, body, Records, _parts[0].Entry.Payload.Created) { BatchId = Id };
    }

    private static string IdOf(List<DeliveryPart> parts) =>
        parts is [{ Body: null } only] ? only.Entry.Payload.BatchId : Guid.NewGuid().ToString("N");

    private static byte[] Concatenate(IReadOnlyList<ReadOnlyMemory<byte>> bodies)
    {
        var merged = GC.AllocateUninitializedArray<byte>(bodies.Sum(static body => body.Length));
        var at = 0;
        foreach (var body in bodies)
        {
            body.Span.CopyTo(merged.AsSpan(at));
            at += body.Length;
        }

        return merged;
    }
}
