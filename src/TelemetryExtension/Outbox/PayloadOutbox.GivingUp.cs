using TelemetryExtension.Diagnostics.Accounting;

namespace TelemetryExtension.Outbox;

/// <summary>
/// What no destination gets any more: payloads past their limits, or refused for a reason that is not theirs, while the environment lives, all that is
/// left at its end. Taken out by whoever
/// writes dead letters, who says afterwards what became of it.
/// </summary>
internal sealed partial class PayloadOutbox
{
    private readonly List<SpoolFile> _givenUp = [];

    /// <summary>Whether <see cref="TakeExpired"/> has something to take.</summary>
    public bool HasExpired
    {
        get
        {
            lock (_gate)
                return _order.Expired > 0;
        }
    }

    /// <summary>Takes payloads past their limits out, up to a size (at least one). The caller says what became of them: <see cref="GivenUp"/>.</summary>
    public IReadOnlyList<OutboxEntry> TakeExpired(int maxBytes)
    {
        lock (_gate)
            return TakeFrom(static order => order.OldestExpired, maxBytes);
    }

    /// <summary>
    /// For the end: takes undelivered payloads out, those past their limits first, then the oldest, up to a size (at least one), each whole, even
    /// if some destination has it already. The caller says what became of them: <see cref="GivenUp"/>.
    /// </summary>
    public IReadOnlyList<OutboxEntry> TakeOldest(int maxBytes)
    {
        lock (_gate)
        {
            var expired = TakeFrom(static order => order.OldestExpired, maxBytes);
            return expired.Count > 0 ? expired : TakeFrom(static order => order.Oldest, maxBytes);
        }
    }

    /// <summary>
    /// For the end: counts what is left as given up, in the order of <see cref="TakeOldest"/>, and reads nothing back for it. Answers how many payloads.
    /// Their files are there until <see cref="DeleteGivenUp"/>: hundreds of them take longer than what is left of a shutdown on a fraction of a CPU.
    /// </summary>
    public int Drop(int most)
    {
        lock (_gate)
        {
            var dropped = 0;
            for (; dropped < most && (_order.OldestExpired ?? _order.Oldest) is { } entry; dropped++)
            {
                TakeOut(entry);
                if (entry.File is { } file)
                {
                    _givenUp.Add(file);
                    _ledger.Spooled((LedgerAccount)entry.Payload.Signal, -entry.Records);
                }

                Settle(entry, deadLettered: false);
            }

            return dropped;
        }
    }

    /// <summary>For when everything has been said.</summary>
    public void DeleteGivenUp()
    {
        lock (_gate)
        {
            foreach (var file in _givenUp)
                _spool.Delete(file);
            _givenUp.Clear();
        }
    }

    public void GivenUp(OutboxEntry entry, bool deadLettered)
    {
        lock (_gate)
        {
            if (entry.File is { } file)
                DeleteFile(entry, file);
            Settle(entry, deadLettered);
        }
    }

    private void Settle(OutboxEntry entry, bool deadLettered)
    {
        if (entry.IsExpired)
            entry.Settle(_ledger, (account, rest) => _ledger.Exported(account, rest), deadLettered);
        else if (deadLettered)
            entry.Settle(_ledger, (account, rest) => _ledger.DeadLettered(account, rest), deadLettered);
        else
            entry.Settle(_ledger, (account, rest) => _ledger.Dropped(account, DropReason.Shutdown, rest));
        // Queues and batches still know the entry: what came back from files would all stay in memory.
        entry.Payload = entry.Payload with { Body = default };
    }

    private List<OutboxEntry> TakeFrom(Func<OutboxOrder, OutboxEntry?> first, int maxBytes)
    {
        var taken = new List<OutboxEntry>();
        long bytes = 0;
        while (first(_order) is { } entry && (taken.Count == 0 || bytes + entry.Size <= maxBytes))
        {
            ReadOnlyMemory<byte>? body;
            try
            {
                body = entry.File is { } file ? Spool.Read(file) : entry.Payload.Body;
            }
            catch (OutOfMemoryException) when (taken.Count > 0)
            {
                // There is room again once those already taken are in good hands.
                break;
            }

            if (body is null)
            {
                Lose(entry);
                continue;
            }

            bytes += entry.Size;
            // The file stays until its content is in good hands.
            TakeOut(entry);
            entry.Payload = entry.Payload with { Body = body.Value };
            taken.Add(entry);
        }

        return taken;
    }

    /// <summary>
    /// Every destination has decided, and at least one did not get it that may want it later: false when that is not so, or nobody writes dead letters.
    /// Its place, in memory or in a file, stays the same, and counts there until somebody else needs it.
    /// </summary>
    private bool TryKeepForDeadLetters(OutboxEntry entry)
    {
        if (!_options.KeepsForDeadLetters || !Array.Exists(entry.Shares, static share => share.Expired > 0 || share.Unwanted > 0))
            return false;
        // It leaves the order as what it was there.
        _order.TakeOut(entry);
        entry.IsGone = true;
        entry.IsExpired = true;
        _order.Place(entry);
        return true;
    }

    private void Forget(OutboxEntry expired)
    {
        TakeOut(expired);
        GivenUp(expired, deadLettered: false);
    }

    /// <summary>Its file is gone or damaged.</summary>
    private void Lose(OutboxEntry entry)
    {
        if (entry.IsExpired)
        {
            Forget(entry);
            return;
        }

        entry.LoseBody();
        Remove(entry);
        entry.Settle(_ledger, static (_, _) => { });
    }
}
