using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>
/// The ceiling of the memory: what is above it goes to files, and when those are full, the least valuable and oldest is shed, wherever it is. Small
/// payloads of one signal go into one file end to end (which is a merge, by the encoding rules of protobuf) and are one payload from then on.
/// </summary>
internal sealed partial class PayloadOutbox
{
    /// <summary>Worth the CPU of making a file, and below what the collector treats as a large object.</summary>
    private const int UsualFileBytes = 64 * 1024;

    /// <summary>Payloads become one only when they are about as old: this fraction of the age limit.</summary>
    private const int AgesInLimit = 16;

    /// <summary>Payloads are merged up to here.</summary>
    private readonly int _fileBytes;

    /// <summary>
    /// Before a reset of the environment, which keeps /tmp: what is in files stays there for the next generation, and as much as fits of what is in
    /// memory goes there too, the most valuable and oldest first. It leaves the outbox, and counts as spooled. Answers how many payloads that are.
    /// </summary>
    public int LeaveInFiles(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var diskTakes = true;
            foreach (var signal in SheddingOrder.Reverse())
                foreach (var entry in _order.InMemoryOf(signal))
                    if (diskTakes && entry is { File: null, IsGone: false } && !cancellationToken.IsCancellationRequested && _spool.Room >= entry.Size)
                        diskTakes = TrySpool(entry);
            var left = 0;
            foreach (var entry in _order.InFiles())
            {
                if (entry.IsExpired)
                    continue;
                TakeOut(entry);
                left++;
            }

            return left;
        }
    }

    private void Trim()
    {
        if (_bytes <= _options.MaxBytes)
            return;
        var filesHelp = SpoolOldest();

        // What no destination gets any more makes room for what one still may.
        while (_bytes > _options.MaxBytes && (filesHelp ? _order.OldestExpired : _order.OldestExpiredInMemory) is { } expired)
        {
            var wasInFile = expired.File is not null;
            Forget(expired);
            if (wasInFile)
                filesHelp = SpoolOldest();
        }

        foreach (var signal in SheddingOrder)
        {
            while (_bytes > _options.MaxBytes && (filesHelp ? _order.OldestOf(signal) : _order.OldestInMemoryOf(signal)) is { } entry)
            {
                var wasInFile = entry.File is not null;
                if (Remove(entry))
                    entry.Settle(_ledger, (account, rest) => _ledger.Dropped(account, DropReason.Shed, rest));
                else
                    entry.Settle(_ledger, (account, rest) => _ledger.Dropped(account, DropReason.SpoolLost, rest));

                // Its place in the files is for what is still in memory; a disk that does not want that costs no more than this one.
                if (wasInFile)
                    filesHelp = SpoolOldest();
            }
        }
    }

    /// <summary>Moves the oldest to files until the ceiling is kept or the files are full; false when it is for another reason that one cannot be written.</summary>
    private bool SpoolOldest()
    {
        while (_bytes > _options.MaxBytes && _order.OldestInMemory is { } oldest)
        {
            // Little room is no room, or it would be filled with little files.
            if (_spool.Room < Math.Max(oldest.Size, _fileBytes))
                return _spool.CanEverHold(oldest.Size);
            if (_spool.IsResting || !TrySpool(oldest))
                return false;
        }

        return true;
    }

    /// <summary>Moves one and those that come next and can share its file, as far as there is room.</summary>
    private bool TrySpool(OutboxEntry oldest)
    {
        bool isWritten;
        try
        {
            isWritten = TrySpoolGroup(oldest);
        }
        catch (OutOfMemoryException)
        {
            // This happens when memory is short: shedding needs none.
            isWritten = false;
        }

        if (_spool.TakeWasEmptied())
            LoseDeletedFiles();
        return isWritten;
    }

    private bool TrySpoolGroup(OutboxEntry oldest)
    {
        var (group, size) = GroupFrom(oldest);
        var payload = group.Count == 1 ? oldest.Payload with { Body = default } : Merged(group);
        var file = _spool.TryWrite(payload, [.. group.Select(static entry => entry.Payload.Body)], PendingOf(oldest));
        if (file is null)
            return false;

        // From here on nothing is allocated: either all of it is done or nothing.
        foreach (var entry in group)
        {
            _bytes -= entry.Cost;
            if (entry == oldest)
                continue;
            entry.IsGone = true;
            _order.TakeOut(entry);
        }

        foreach (var lane in _lanesOf[(int)payload.Signal])
            lane.Merge(oldest, group);
        oldest.BecomeOne(payload, size, file);
        _order.Place(oldest);
        _ledger.Spooled((LedgerAccount)payload.Signal, payload.Records);
        return true;
    }

    private (List<OutboxEntry> Group, int Size) GroupFrom(OutboxEntry oldest)
    {
        var most = Math.Min(_fileBytes, _spool.Room);
        var (group, size) = (new List<OutboxEntry> { oldest }, oldest.Size);
        for (var node = oldest.Node.Next; node?.Value is { } entry && size + entry.Size <= most && MayBeOne(oldest, entry); node = node.Next)
        {
            group.Add(entry);
            size += entry.Size;
        }

        return (group, size);
    }

    private bool MayBeOne(OutboxEntry entry, OutboxEntry later) =>
        entry.IsLike(later) && (later.Payload.Created - entry.Payload.Created).Duration() <= _options.MaxAge / AgesInLimit;

    /// <summary>What is exactly a batch that was sent before goes on under its id, byte for byte: the next generation's request is a repetition.</summary>
    private static OtlpPayload Merged(List<OutboxEntry> group)
    {
        var batch = Array.Find(group[0].Shares, static share => share.Batch is not null).Batch;
        batch?.RemoveGone();
        var id = batch?.Parts.Count == group.Count ? batch.Id : null;
        var payload = group[0].Payload with { Body = default, Records = group.Sum(static entry => entry.Records) };
        return id is not null
            ? payload with { BatchId = id }
            : payload with { BatchId = Guid.NewGuid().ToString("N"), Created = group.Max(static entry => entry.Payload.Created) };
    }

    /// <summary>Somebody else emptied the directory: what was in there is nobody's any more, and takes no room.</summary>
    private void LoseDeletedFiles()
    {
        // Those that requests are being made of find out for themselves.
        foreach (var entry in _order.InFiles())
            if (entry.InUse == 0 && !File.Exists(entry.File!.Path))
                Lose(entry);
    }
}
