using System.Diagnostics.CodeAnalysis;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>
/// The ceiling of the memory. What is above it goes to files, in the background; while it waits for that, the memory may be over its ceiling by
/// <see cref="OutboxOptions.MaxOvershootBytes"/>. What neither files nor the overshoot can hold is shed at once, the least valuable and oldest first,
/// wherever it is. Small payloads of one signal go into one file end to end (which is a merge, by the encoding rules of protobuf) and are one
/// payload from then on.
/// </summary>
internal sealed partial class PayloadOutbox
{
    /// <summary>Least valuable first: metrics repeat themselves, spans have siblings, logs are what people look for after a crash.</summary>
    private static readonly Signal[] SheddingOrder = [Signal.Metrics, Signal.Traces, Signal.Logs];

    /// <summary>Worth the CPU of making a file, and below what the collector treats as a large object.</summary>
    private const int UsualFileBytes = 64 * 1024;

    /// <summary>Payloads become one only when they are about as old: this fraction of the age limit.</summary>
    private const int AgesInLimit = 16;

    /// <summary>After trouble with the disk it is left alone.</summary>
    private static readonly TimeSpan DiskRest = TimeSpan.FromSeconds(5);

    /// <summary>Payloads are merged up to here.</summary>
    private readonly int _fileBytes;

    /// <summary>The disk did not take something a moment ago.</summary>
    private Pause _diskRests;

    /// <summary>Not in a file yet.</summary>
    private WriteFile? _writing;

    /// <summary>So large that the number of files is no bound before their bytes are, but small against what there is in memory and in all files.</summary>
    private static int FileBytes(OutboxOptions options)
    {
        var bytes = Math.Max(UsualFileBytes, options.SpoolMaxBytes / (SpoolRoom.MaxFiles / 2));
        return Math.Min(Math.Min(bytes, options.MaxRequestBytes), Math.Min(options.MaxBytes / 2, options.SpoolMaxBytes / 8));
    }

    private bool DiskIsResting => _diskRests.LeftAt(_time.GetUtcNow()) > TimeSpan.Zero;

    private void Trim()
    {
        while (_bytes > _options.MaxBytes && !FilesTakeTheRest())
        {
            // Room in the files helps only if the disk works. What no destination gets any more makes room for what one still may.
            var inFilesToo = MayWaitForTheDisk && _order.OldestInMemory is { } oldest && _room.CanEverHold(oldest.Size);
            if ((inFilesToo ? _order.OldestExpired : _order.OldestExpiredInMemory) is { } expired)
                Forget(expired);
            else if (NextToShed(inFilesToo) is { } entry)
                Shed(entry);
            else
                return;
        }
    }

    /// <summary>Whether what is above the ceiling goes to files, one after the other; after each of them it is looked at again.</summary>
    private bool FilesTakeTheRest() =>
        MayWaitForTheDisk && (AboveCeiling <= 0 || FileFor(_order.OldestInMemory));

    /// <summary>Whether memory can hold what is above its ceiling until the disk has taken it. A payload that alone is larger can wait too.</summary>
    private bool MayWaitForTheDisk =>
        !DiskIsResting && (AboveCeiling <= _options.MaxOvershootBytes || (_order.OldestInMemory is { } oldest && oldest.Cost == _bytes));

    /// <summary>Without what is being written now.</summary>
    private long AboveCeiling => _bytes - (_writing?.Cost ?? 0) - _options.MaxBytes;

    /// <summary>Little room is no room, or it would be filled with little files.</summary>
    private bool FileFor([NotNullWhen(true)] OutboxEntry? entry) =>
        entry is not null && _room.Left - (_writing?.Size ?? 0) >= Math.Max(entry.Size, _fileBytes);

    private OutboxEntry? NextToShed(bool inFilesToo)
    {
        foreach (var signal in SheddingOrder)
            if ((inFilesToo ? _order.OldestOf(signal) : _order.OldestInMemoryOf(signal)) is { } entry)
                return entry;
        return null;
    }

    private void Shed(OutboxEntry entry)
    {
        Remove(entry);
        Settle(entry, Remainder.Shed);
    }

    /// <summary>The oldest that is to go to a file now, with those that come next and can share it; null when nothing is to go.</summary>
    private WriteFile? NextToWrite()
    {
        if (DiskIsResting)
            return null;
        var oldest = _bytes > _options.MaxBytes ? _order.OldestInMemory : null;
        if (!FileFor(oldest))
            oldest = NextToLeave();
        if (oldest is null)
            return null;
        var (group, size) = GroupFrom(oldest);
        var payload = group.Count == 1 ? oldest.Payload with { Body = default } : Merged(group);
        var job = new WriteFile(group, payload, size, PendingOf(oldest));
        foreach (var entry in group)
        {
            entry.BeginWrite();
            _order.Place(entry);
        }

        return _writing = job;
    }

    private void Written(WriteFile job)
    {
        _writing = null;
        foreach (var entry in job.Group)
        {
            entry.EndWrite();
            PlaceIfIdle(entry);
        }

        _findLost |= job.FoundEmptied;
        if (job.File is null)
            _diskRests = new(_time.GetUtcNow(), DiskRest);
        else if (job.IsUpToDate)
            MoveToFile(job.Group, job);
        else
            _deletions.Add(job.File);
        Trim();
    }

    private void MoveToFile(IReadOnlyList<OutboxEntry> group, WriteFile job)
    {
        var (first, file) = (group[0], job.File!);
        foreach (var entry in group)
        {
            _bytes -= entry.Cost;
            if (entry == first)
                continue;
            entry.Leave();
            _order.TakeOut(entry);
        }

        foreach (var lane in _lanesOf[(int)job.Payload.Signal])
            lane.Queue.Merge(first, group);
        first.MoveToFile(job.Payload, job.Size, file);
        _order.Place(first);
        Occupy(file);
        _ledger.Spooled((LedgerAccount)job.Payload.Signal, job.Payload.Records);
    }

    private (List<OutboxEntry> Group, int Size) GroupFrom(OutboxEntry oldest)
    {
        var most = Math.Min(_fileBytes, _room.Left);
        var (group, size) = (new List<OutboxEntry> { oldest }, oldest.Size);
        for (var node = oldest.Node.Next; node?.Value is { } entry && size + entry.Size <= most && MayBeOne(oldest, entry); node = node.Next)
        {
            group.Add(entry);
            size += entry.Size;
        }

        return (group, size);
    }

    private bool MayBeOne(OutboxEntry entry, OutboxEntry later) =>
        entry.Account.IsLike(later.Account)
        && Array.TrueForAll(_lanesOf[(int)entry.Payload.Signal], lane => lane.Queue.WaitAlike(entry, later))
        && (later.Payload.Created - entry.Payload.Created).Duration() <= _options.MaxAge / AgesInLimit;

    /// <summary>What is exactly a batch that was sent before goes on under its id, byte for byte: the next generation's request is a repetition.</summary>
    private OtlpPayload Merged(List<OutboxEntry> group)
    {
        DeliveryBatch? batch = null;
        foreach (var lane in _lanesOf[(int)group[0].Payload.Signal])
            batch ??= lane.Queue.BatchOf(group[0]);
        batch?.RemoveGone();
        var id = batch?.Parts.Count == group.Count ? batch.Id : null;
        var payload = group[0].Payload with { Body = default, Records = group.Sum(static entry => entry.Records) };
        return id is not null
            ? payload with { BatchId = id }
            : payload with { BatchId = Guid.NewGuid().ToString("N"), Created = group.Max(static entry => entry.Payload.Created) };
    }

    private List<string> PendingOf(OutboxEntry entry) =>
        [.. Destinations.Where((_, index) => entry.Account.IsOpen(index)).Select(static destination => destination.Name)];

    /// <summary>Its place in the order changes when nobody uses it any more.</summary>
    private void PlaceIfIdle(OutboxEntry entry)
    {
        if (!entry.IsBusy && !entry.IsGone)
            _order.Place(entry);
    }
}
