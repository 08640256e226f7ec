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
/// It stays together, under one id, until it is taken, refused or split, so that a re-send can be recognised. Guarded by the outbox's lock.
/// </summary>
internal sealed class DeliveryBatch(Signal signal, List<DeliveryPart> parts, SplitContent? content = null)
{
    private readonly List<DeliveryPart> _parts = parts;
    private string? _id;
    private int _gone;
    private bool _isOut;
    private bool _isTrial;
    private Pause _pause;

    public Signal Signal { get; } = signal;

    public IReadOnlyList<DeliveryPart> Parts => _parts;

    public string Id => _id ??= IdOf(_parts);

    /// <summary>Requests that were made of it and are over.</summary>
    public int Attempts { get; private set; }

    /// <summary>Attempts that failed by the destination's fault.</summary>
    public int Failures { get; private set; }

    /// <summary>The lane's round of failures in which the request was begun.</summary>
    public int Round { get; private set; }

    /// <summary>Shared by all pieces of a content that is split.</summary>
    public SplitContent Content { get; } = content ?? new();

    public int Records => _parts.Sum(static part => part.Records);

    /// <summary>After a failure it rests for a while.</summary>
    public bool MayGo(DateTimeOffset now) => _pause.LeftAt(now) == TimeSpan.Zero;

    /// <summary>A request is made of it.</summary>
    /// <param name="isTrial">It tries whether a signal is still refused.</param>
    public void Begin(int round, bool isTrial) => (Round, _isOut, _isTrial) = (round, true, isTrial);

    /// <summary>The request is over. True when it was a trial.</summary>
    public bool End()
    {
        var wasTrial = _isTrial;
        (_isOut, _isTrial) = (false, false);
        return wasTrial;
    }

    /// <summary>The request was made, with whatever outcome.</summary>
    public void Attempted() => Attempts++;

    /// <param name="random">From 0 up to 1.</param>
    public void Failed(DateTimeOffset now, RetrySchedule schedule, double random) =>
        _pause = new(now, schedule.DelayAfter(++Failures, null, random));

    /// <summary>Forgets parts whose payload was shed meanwhile. Different content is a different batch.</summary>
    public void RemoveGone()
    {
        _gone = 0;
        if (_parts.RemoveAll(static part => part.Entry.IsGone) > 0)
            _id = null;
    }

    /// <summary>One of its entries left the outbox: once they are half of it, it forgets them.</summary>
    public void OneIsGone()
    {
        if (++_gone * 2 > _parts.Count && !_isOut)
            RemoveGone();
    }

    /// <summary>Some of its entries are now part of another one in it: the content, and so the id, stays.</summary>
    public void RemoveMerged() => _parts.RemoveAll(static part => part.Entry.IsGone);

    /// <summary>Takes parts out, such as those that get no further try.</summary>
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

    /// <summary>Halves it by its parts; null when it has only one.</summary>
    public DeliveryBatch[]? Halve()
    {
        if (_parts.Count < 2)
            return null;
        var half = _parts.Count / 2;
        return [new(Signal, _parts[..half], Content), new(Signal, _parts[half..], Content)];
    }

    /// <summary>The parts' bodies as one; <paramref name="bodies"/> are theirs, in order.</summary>
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
