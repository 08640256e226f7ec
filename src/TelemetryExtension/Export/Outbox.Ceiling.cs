using TelemetryExtension.Accounting;

namespace TelemetryExtension.Export;

/// <summary>The ceiling of the memory: what is above it goes to files, and when those are full, the least valuable and oldest is shed, wherever it is.</summary>
internal sealed partial class Outbox
{
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
                foreach (var entry in _entries)
                    if (diskTakes && entry.Payload.Signal == signal && entry is { File: null, InUse: 0 } && !cancellationToken.IsCancellationRequested)
                        diskTakes = TrySpool(entry) || !_spool.HasRoomFor(entry.Payload);
            var left = 0;
            for (var node = _entries.First; node is not null; )
            {
                var (entry, next) = (node.Value, node.Next);
                if (entry.File is not null)
                {
                    TakeOut(entry);
                    left++;
                }

                node = next;
            }

            return left;
        }
    }

    private void Trim()
    {
        var inMemory = _entries.First;
        SpoolFrom(ref inMemory);

        // What no destination gets any more makes room for what one still may.
        ForgetExpired(static (outbox, entry) => entry.File is null && outbox._bytes > outbox._options.MaxBytes);
        var filesHelp = true;
        foreach (var signal in SheddingOrder)
        {
            for (var node = _entries.First; node is not null && _bytes > _options.MaxBytes; )
            {
                var (entry, next) = (node.Value, node.Next);
                if (entry.Payload.Signal == signal && entry.InUse == 0 && (entry.File is null || filesHelp))
                {
                    if (inMemory == node)
                        inMemory = next;
                    var wasInFile = entry.File is not null;
                    Remove(entry);
                    entry.Settle(_ledger, (account, rest) => _ledger.Dropped(account, DropReason.Shed, rest));

                    // Its place in the files is for what is still in memory; a disk that does not want that costs no more than this one.
                    if (wasInFile)
                        filesHelp = SpoolFrom(ref inMemory);
                }

                node = next;
            }
        }
    }

    /// <summary>Moves the oldest to files until the ceiling is kept or the files are full; false when it is for another reason that one cannot be written.</summary>
    /// <param name="from">No entry before it could be moved; afterwards the first to try next time.</param>
    private bool SpoolFrom(ref LinkedListNode<OutboxEntry>? from)
    {
        for (; from is not null && _bytes > _options.MaxBytes; from = from.Next)
            if (from.Value is { File: null, InUse: 0 } entry && !TrySpool(entry))
                return !_spool.HasRoomFor(entry.Payload);
        return true;
    }

    private bool TrySpool(OutboxEntry entry)
    {
        SpoolFile? file;
        try
        {
            file = _spool.TryWrite(entry.Payload, PendingOf(entry));
        }
        catch (OutOfMemoryException)
        {
            // A file needs a copy, and this happens when memory is short: shedding needs none.
            file = null;
        }

        if (file is null)
            return false;
        entry.File = file;
        _ledger.Spooled((LedgerAccount)entry.Payload.Signal, entry.Records);
        entry.Payload = entry.Payload with { Body = default };
        _bytes -= entry.Size;
        return true;
    }
}
