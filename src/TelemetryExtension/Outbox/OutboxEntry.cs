using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>
/// One payload, or several that were merged into one file: where its body is and who uses it. Only the outbox changes it, under its lock. <see
/// cref="Account"/> holds the destinations' decisions, <see cref="Places"/> the places in queues.
/// </summary>
internal sealed class OutboxEntry
{
    /// <summary>Measured heap bytes of an entry without its body: its objects, its id, its list nodes, and a share per destination.</summary>
    private const int OwnBytes = 480;
    private const int ShareBytes = 160;

    private readonly int _destinations;
    private int _requests;
    private int _allRequests;
    private bool _isBeingWritten;

    /// <param name="size">Bytes of the body, which may be in a file.</param>
    public OutboxEntry(OtlpPayload payload, int size, long sequence, int destinations, SpoolFile? file)
    {
        Payload = payload;
        Size = size;
        Sequence = sequence;
        File = file;
        Account = new(destinations);
        Places = new LanePlace[destinations];
        Node = new(this);
        _destinations = destinations;
    }

    /// <summary>The payload, without its body while that is in <see cref="File"/>.</summary>
    public OtlpPayload Payload { get; private set; }

    /// <summary>Order of arrival.</summary>
    public long Sequence { get; }

    /// <summary>Bytes of the body, in memory or in the file.</summary>
    public int Size { get; private set; }

    /// <summary>
    /// What the entry costs of the memory ceiling while its body is in memory. Entries in files are few (<see cref="SpoolRoom.MaxFiles"/>) and do not
    /// count.
    /// </summary>
    public int Cost => Size + OverheadOf(_destinations);

    public int Records => Payload.Records;

    public SpoolFile? File { get; private set; }

    public EntryAccount Account { get; }

    /// <summary>Places by destination. Each belongs to that destination's <see cref="LaneQueue"/>.</summary>
    public LanePlace[] Places { get; }

    /// <summary>Its place in <see cref="OutboxOrder"/>.</summary>
    public LinkedListNode<OutboxEntry> Node { get; }

    /// <summary>Whether a request or a file write uses the entry. It is neither moved nor shed meanwhile.</summary>
    public bool IsBusy => _requests > 0 || _isBeingWritten;

    /// <summary>Changes with each request and with each decision.</summary>
    public int Version => _allRequests + Account.Decisions;

    /// <summary>Whether the entry left the outbox. Batches that still hold it skip it.</summary>
    public bool IsGone { get; private set; }

    /// <summary>Whether the entry only waits for the dead letters: every destination has decided, and not all accepted it.</summary>
    public bool IsExpired { get; private set; }

    /// <summary>The reason in its dead letter. A refusal outweighs the limits, because somebody has to act on it.</summary>
    public DropReason UndeliveredReason => !IsExpired ? DropReason.Shutdown : Account.IsUnwanted ? DropReason.Refused : DropReason.Expired;

    public static int OverheadOf(int destinations) => OwnBytes + (ShareBytes * destinations);

    public void BeginRequest() => (_requests, _allRequests) = (_requests + 1, _allRequests + 1);

    public void EndRequest() => _requests--;

    public void BeginWrite() => _isBeingWritten = true;

    public void EndWrite() => _isBeingWritten = false;

    public void Leave() => IsGone = true;

    public void Expire() => (IsGone, IsExpired) = (true, true);

    /// <summary>Records that the body is in a file now. The file may also hold the bodies of others, which this entry represents from now on.</summary>
    /// <param name="payload">The payload without a body.</param>
    public void MoveToFile(OtlpPayload payload, int size, SpoolFile file) => (Payload, Size, File) = (payload, size, file);

    /// <summary>Restores the body from its file. The file stays until the outcome of the entry is known.</summary>
    public void Load(ReadOnlyMemory<byte> body) => Payload = Payload with { Body = body };

    /// <summary>Drops the body, because queues and batches that still know the entry would keep it in memory.</summary>
    public void DropBody() => Payload = Payload with { Body = default };
}

/// <summary>Where an entry waits for one destination: in the queue until its first request, then in a batch between requests, otherwise nowhere.</summary>
internal record struct LanePlace(LinkedListNode<OutboxEntry>? Fresh, DeliveryBatch? Batch);
