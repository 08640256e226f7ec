using System.Diagnostics.CodeAnalysis;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>
/// Enforces the memory ceiling. Payloads above it are written to files in the background. Until that is done, memory may exceed the ceiling by <see
/// cref="OutboxOptions.MaxOvershootBytes"/>. When neither files nor the overshoot have room, payloads in memory or in files are shed at once: the least
/// valuable signal first, then the oldest. Small payloads of one signal share a file end to end, which is a valid merge in protobuf, and are one payload
/// from then on.
/// </summary>
internal sealed partial class PayloadOutbox
{
    /// <summary>From the least to the most valuable: metrics repeat themselves, spans have siblings, and logs are what people look for after a crash.</summary>
    private static readonly Signal[] SheddingOrder = [Signal.Metrics, Signal.Traces, Signal.Logs];

    /// <summary>Large enough to be worth the CPU of creating a file, and smaller than what the collector treats as a large object.</summary>
    private const int UsualFileBytes = 64 * 1024;

    /// <summary>Payloads are merged only when their ages differ by less than this fraction of the age limit.</summary>
    private const int AgesInLimit = 16;

    /// <summary>How long the outbox does not write after a disk error.</summary>
    private static readonly TimeSpan DiskPause = TimeSpan.FromSeconds(5);

    /// <summary>The largest merged payload.</summary>
    private readonly int _fileBytes;

    /// <summary>The pause after a failed write.</summary>
    private Pause _diskPause;

    /// <summary>The write that is in progress.</summary>
    private WriteFile? _writing;

    /// <summary>
    /// Large enough that the byte limit is reached before the limit on the number of files, but small compared with the limits of memory and of all files.
    /// </summary>
    private static int FileBytes(OutboxOptions options)
    {
        var bytes = Math.Max(UsualFileBytes, options.SpoolMaxBytes / (SpoolRoom.MaxFiles / 2));
        return Math.Min(Math.Min(bytes, options.MaxRequestBytes), Math.Min(options.MaxBytes / 2, options.SpoolMaxBytes / 8));
    }

    private bool IsDiskPaused => _diskPause.LeftAt(_time.GetUtcNow()) > TimeSpan.Zero;

    private void Trim()
    {
        while (_bytes > _options.MaxBytes && !CanSpoolExcess())
        {
            // Room in the files helps only while the disk works. Payloads that no destination will get are removed before those that one still may.
            var inFilesToo = CanWaitForDisk && _order.OldestInMemory is { } oldest && _room.CanEverHold(oldest.Size);
            if ((inFilesToo ? _order.OldestExpired : _order.OldestExpiredInMemory) is { } expired)
                DiscardExpired(expired);
            else if (NextToShed(inFilesToo) is { } entry)
                Shed(entry);
            else
                return;
        }
    }

    /// <summary>Whether the payloads above the ceiling are written to files, one after the other. This is checked again after each file.</summary>
    private bool CanSpoolExcess() =>
        CanWaitForDisk && (AboveCeiling <= 0 || FileFor(_order.OldestInMemory));

    /// <summary>Whether memory can hold the excess until the disk has taken it. A single payload that is larger than the ceiling can wait too.</summary>
    private bool CanWaitForDisk =>
        !IsDiskPaused && (AboveCeiling <= _options.MaxOvershootBytes || (_order.OldestInMemory is { } oldest && oldest.Cost == _bytes));

    /// <summary>Bytes above the ceiling, without the payloads that are being written.</summary>
    private long AboveCeiling => _bytes - (_writing?.Cost ?? 0) - _options.MaxBytes;

    /// <summary>Requires room for a usual file, because otherwise small files would fill the rest.</summary>
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

    /// <summary>The oldest payload that must be written, together with the next ones that can share its file. Null when nothing must be written.</summary>
    private WriteFile? NextToWrite()
    {
        if (IsDiskPaused)
            return null;
        var oldest = _bytes > _options.MaxBytes ? _order.OldestInMemory : null;
        if (!FileFor(oldest))
            oldest = NextToSpool();
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
            _diskPause = new(_time.GetUtcNow(), DiskPause);
        else if (job.IsUpToDate)
            MoveToFile(job.Group, job);
        else
            _deletions.Add(job.File);
        Trim();
    }

    private void MoveToFile(IReadOnlyList<OutboxEntry> group, WriteFile job)
    {
        var (first, file) = (group[0], job.File!);
        // An entry that was shed during the write must not count as merged.
        foreach (var lane in _lanesOf[(int)job.Payload.Signal])
            lane.Queue.RemoveGoneBeside(first);
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
        for (var node = oldest.Node.Next; node?.Value is { } entry && size + entry.Size <= most && CanMerge(oldest, group[^1], entry); node = node.Next)
        {
            group.Add(entry);
            size += entry.Size;
        }

        return (group, size);
    }

    private bool CanMerge(OutboxEntry entry, OutboxEntry last, OutboxEntry later) =>
        entry.Account.IsMergeableWith(later.Account)
        && Array.TrueForAll(_lanesOf[(int)entry.Payload.Signal], lane => lane.Queue.AreQueuedInARow(last, later))
        && (later.Payload.Created - entry.Payload.Created).Duration() <= _options.MaxAge / AgesInLimit;

    /// <summary>
    /// Merges a group into one payload. A group that equals a batch that was sent before keeps its id and its bytes, so the next generation's request is
    /// recognisable as a repetition.
    /// </summary>
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

    /// <summary>Updates the entry's place in the order once nothing uses the entry any more.</summary>
    private void PlaceIfIdle(OutboxEntry entry)
    {
        if (!entry.IsBusy && !entry.IsGone)
            _order.Place(entry);
    }
}
