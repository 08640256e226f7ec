using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>
/// One payload, or several that became one on their way into a file: where its body is, and who uses it now. Changed by the outbox alone, under
/// its lock. What destinations decided is in <see cref="Account"/>, where it waits is in <see cref="Places"/>.
/// </summary>
internal sealed class OutboxEntry
{
    /// <summary>What one takes of the heap beside its body, as measured: objects of its own, its id, its places in lists; and for each destination.</summary>
    private const int OwnBytes = 480;
    private const int ShareBytes = 160;

    private readonly int _destinations;
    private int _requests;
    private int _allRequests;
    private bool _isBeingWritten;

    /// <param name="size">Of the body, which may be in a file.</param>
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

    /// <summary>Without its body while that is in <see cref="File"/>.</summary>
    public OtlpPayload Payload { get; private set; }

    /// <summary>Order of arrival.</summary>
    public long Sequence { get; }

    /// <summary>Of the body, wherever it is.</summary>
    public int Size { get; private set; }

    /// <summary>What it takes of the memory's ceiling while its body is in memory. Of those in files there are few: <see cref="SpoolRoom.MaxFiles"/>.</summary>
    public int Cost => Size + BesideBody(_destinations);

    public int Records => Payload.Records;

    public SpoolFile? File { get; private set; }

    public EntryAccount Account { get; }

    /// <summary>By destination. Each belongs to that destination's <see cref="LaneQueue"/>.</summary>
    public LanePlace[] Places { get; }

    /// <summary>Its place in <see cref="OutboxOrder"/>.</summary>
    public LinkedListNode<OutboxEntry> Node { get; }

    /// <summary>Requests are being made of it, or it is being written to a file: meanwhile it is neither moved nor shed.</summary>
    public bool IsBusy => _requests > 0 || _isBeingWritten;

    /// <summary>Changes with each request that is made of it, and with each decision about it.</summary>
    public int Version => _allRequests + Account.Decisions;

    /// <summary>Left the outbox; batches that still hold it skip it.</summary>
    public bool IsGone { get; private set; }

    /// <summary>Decided, and not delivered to all: it only waits for the dead letters.</summary>
    public bool IsExpired { get; private set; }

    public static int BesideBody(int destinations) => OwnBytes + (ShareBytes * destinations);

    public void BeginRequest() => (_requests, _allRequests) = (_requests + 1, _allRequests + 1);

    public void EndRequest() => _requests--;

    public void BeginWrite() => _isBeingWritten = true;

    public void EndWrite() => _isBeingWritten = false;

    public void Leave() => IsGone = true;

    public void Expire() => (IsGone, IsExpired) = (true, true);

    /// <summary>The body is in a file now; with it may be the bodies of others, for which this entry stands from now on.</summary>
    /// <param name="payload">Without a body.</param>
    public void MoveToFile(OtlpPayload payload, int size, SpoolFile file) => (Payload, Size, File) = (payload, size, file);

    /// <summary>The body came back from its file. The file stays until the body is in good hands.</summary>
    public void Load(ReadOnlyMemory<byte> body) => Payload = Payload with { Body = body };

    /// <summary>Queues and batches may still know the entry: its body must not stay in memory for that.</summary>
    public void DropBody() => Payload = Payload with { Body = default };
}

/// <summary>Where an entry waits for one destination: in the queue until its first request, then in a batch between two requests, else nowhere.</summary>
internal record struct LanePlace(LinkedListNode<OutboxEntry>? Fresh, DeliveryBatch? Batch);
