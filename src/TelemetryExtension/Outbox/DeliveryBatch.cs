using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>A payload, or a piece of one that was split.</summary>
/// <param name="records">In <paramref name="body"/>.</param>
/// <param name="body">Null: all of the entry, whatever that becomes.</param>
internal sealed class DeliveryPart(OutboxEntry entry, int records = 0, ReadOnlyMemory<byte>? body = null)
{
    public OutboxEntry Entry { get; } = entry;

    public ReadOnlyMemory<byte>? Body { get; } = body;

    public int Records => Body is null ? Entry.Records : records;
}

/// <summary>
/// What goes out as one request: parts of one signal, put end to end (which is a merge, by the encoding rules of protobuf).
/// It stays together, under one id, until it is taken, refused or split, so that a re-send can be recognised.
/// </summary>
internal sealed class DeliveryBatch(Signal signal, List<DeliveryPart> parts, SplitContent? content = null)
{
    private string? _id;
    private int _gone;

    public Signal Signal { get; } = signal;

    public List<DeliveryPart> Parts { get; } = parts;

    public string Id => _id ??= IdOf(Parts);

    /// <summary>A request is being made of it.</summary>
    public bool IsOut { get; set; }

    /// <summary>The request tries whether a signal is still refused.</summary>
    public bool IsTrial { get; set; }

    public int Attempts { get; set; }

    /// <summary>Attempts that failed by the destination's fault.</summary>
    public int Failures { get; set; }

    /// <summary>After a failure.</summary>
    public Pause Pause;

    /// <summary>The lane's round of failures in which the request was begun.</summary>
    public int Round { get; set; }

    /// <summary>Shared by all pieces of a content that is split.</summary>
    public SplitContent Content { get; } = content ?? new();

    public int Records => Parts.Sum(static part => part.Records);

    /// <summary>Forgets parts whose payload was shed meanwhile. Different content is a different batch.</summary>
    public void RemoveGone()
    {
        _gone = 0;
        if (Parts.RemoveAll(static part => part.Entry.IsGone) > 0)
            _id = null;
    }

    /// <summary>One of its entries left the outbox: once they are half of it, it lets go of them.</summary>
    public void OneIsGone()
    {
        if (++_gone * 2 > Parts.Count && !IsOut)
            RemoveGone();
    }

    /// <summary>Some of its entries are now part of another one in it: the content, and so the id, stays.</summary>
    public void RemoveMerged() => Parts.RemoveAll(static part => part.Entry.IsGone);

    /// <summary>Takes parts out, such as those that get no further try.</summary>
    public List<DeliveryPart> Remove(Predicate<DeliveryPart> isOut)
    {
        var removed = Parts.FindAll(isOut);
        if (removed.Count > 0 && removed.Count < Parts.Count)
        {
            Parts.RemoveAll(isOut);
            _id = null;
        }
        else if (removed.Count > 0)
        {
            Parts.Clear();
        }

        return removed;
    }

    /// <summary>The parts' bodies as one; <paramref name="bodies"/> are theirs, in order.</summary>
    public OtlpPayload ToPayload(IReadOnlyList<ReadOnlyMemory<byte>> bodies)
    {
        var body = bodies.Count == 1 ? bodies[0] : Concatenate(bodies);
        return new(Signal, body, Records, Parts[0].Entry.Payload.Created) { BatchId = Id };
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

/// <summary>
/// What became of the pieces of one content that was refused. A backend that takes some of them is asked on, for far more bad records than
/// anybody has by accident; one that takes none only for a few requests in a row.
/// </summary>
internal sealed class SplitContent
{
    private const int MaxSplits = 1024;

    private int _maxInARow;
    private int _inARow;
    private int _splits;

    /// <summary><see cref="SignalRefusal.Count"/> when its first request was begun.</summary>
    public int? RefusalsBefore { get; set; }

    public bool IsSplit => _splits > 0;

    /// <summary>Whether it was counted as refused already.</summary>
    public bool IsCounted { get; set; }

    /// <summary>A piece of it was taken.</summary>
    public bool IsPartlyTaken { get; private set; }

    /// <summary>So many refusals in a row that no piece of it is split any more.</summary>
    public bool IsSpent => _inARow > _maxInARow || _splits >= MaxSplits;

    /// <summary>Called before the first split.</summary>
    public void Allow(int maxInARow) => _maxInARow = maxInARow;

    public void Refused() => _inARow++;

    public void Split() => _splits++;

    public void Taken() => (IsPartlyTaken, _inARow) = (true, 0);
}
