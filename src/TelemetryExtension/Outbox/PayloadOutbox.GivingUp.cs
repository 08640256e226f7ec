using TelemetryExtension.Diagnostics.Accounting;

namespace TelemetryExtension.Outbox;

/// <summary>
/// What no destination gets any more: payloads past their limits, or refused for reasons unrelated to their content, while the environment lives, and
/// all that is left at its end. Whoever writes dead letters takes them out, loads them, and says afterwards what became of them.
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

    /// <summary>
    /// Takes payloads past their limits out, up to a size (at least one). The caller loads them (<see cref="LoadAsync"/>) and says what became of
    /// them (<see cref="GivenUp"/>).
    /// </summary>
    public IReadOnlyList<OutboxEntry> TakeExpired(int maxBytes)
    {
        lock (_gate)
            return TakeFrom(static order => order.OldestExpired, maxBytes);
    }

    /// <summary>
    /// For the end: takes undelivered payloads out, those past their limits first, then the oldest, up to a size (at least one), each whole, even
    /// if some destination has it already. The caller loads them and says what became of them.
    /// </summary>
    public IReadOnlyList<OutboxEntry> TakeOldest(int maxBytes)
    {
        lock (_gate)
        {
            var expired = TakeFrom(static order => order.OldestExpired, maxBytes);
            return expired.Count > 0 ? expired : TakeFrom(static order => order.Oldest, maxBytes);
        }
    }

    /// <summary>Reads back the body of an entry that was taken out. False when its file is gone or damaged: then it is counted already.</summary>
    public async Task<bool> LoadAsync(OutboxEntry entry, CancellationToken cancellationToken)
    {
        if (entry.File is not { } file)
            return true;
        var body = await _files.ReadAsync(file, cancellationToken);
        lock (_gate)
        {
            if (body is { } found)
            {
                entry.Load(found);
                return true;
            }

            if (entry.IsExpired)
                GiveUp(entry, isDeadLettered: false);
            else
                CountAsLost(entry);
        }

        WakeFiles();
        return false;
    }

    /// <summary>
    /// For the end: counts what is left as given up, in the order of <see cref="TakeOldest"/>, and reads nothing back for it. Answers how many payloads.
    /// Their files are there until <see cref="DeleteGivenUpAsync"/>: hundreds of them take longer than what is left of a shutdown on a fraction of a CPU.
    /// </summary>
    public int Drop()
    {
        lock (_gate)
        {
            var dropped = 0;
            for (; (_order.OldestExpired ?? _order.Oldest) is { } entry; dropped++)
            {
                TakeOut(entry);
                if (entry.File is { } file)
                {
                    _givenUp.Add(file);
                    _room.Remove(file);
                    _ledger.Spooled((LedgerAccount)entry.Payload.Signal, -entry.Records);
                }

                SettleGivenUp(entry, isDeadLettered: false);
            }

            return dropped;
        }
    }

    /// <summary>For when everything has been said.</summary>
    public async Task DeleteGivenUpAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _deletions.AddRange(_givenUp);
            _givenUp.Clear();
        }

        await FilesAreDoneAsync(cancellationToken);
    }

    /// <summary>What became of an entry that was taken out.</summary>
    public void GivenUp(OutboxEntry entry, bool isDeadLettered)
    {
        lock (_gate)
            GiveUp(entry, isDeadLettered);
        WakeFiles();
    }

    private void GiveUp(OutboxEntry entry, bool isDeadLettered)
    {
        if (entry.File is { } file)
            DeleteFile(entry, file);
        SettleGivenUp(entry, isDeadLettered);
    }

    private void SettleGivenUp(OutboxEntry entry, bool isDeadLettered)
    {
        Settle(entry, entry.IsExpired ? Remainder.Exported : isDeadLettered ? Remainder.DeadLettered : Remainder.Shutdown, isDeadLettered);
        entry.DropBody();
    }

    private List<OutboxEntry> TakeFrom(Func<OutboxOrder, OutboxEntry?> first, int maxBytes)
    {
        var taken = new List<OutboxEntry>();
        long bytes = 0;
        while (first(_order) is { } entry && (taken.Count == 0 || bytes + entry.Size <= maxBytes))
        {
            bytes += entry.Size;
            // The file stays until its content is in good hands.
            TakeOut(entry);
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
        if (!_options.KeepsForDeadLetters || !entry.Account.IsWantedLater)
            return false;
        // It leaves the order as what it was there.
        _order.TakeOut(entry);
        entry.Expire();
        _order.Place(entry);
        return true;
    }

    private void Forget(OutboxEntry expired)
    {
        TakeOut(expired);
        GiveUp(expired, isDeadLettered: false);
    }

    /// <summary>The file of an entry in the outbox is gone or damaged.</summary>
    private void Lose(OutboxEntry entry)
    {
        TakeOut(entry);
        if (entry.IsExpired)
            GiveUp(entry, isDeadLettered: false);
        else
            CountAsLost(entry);
    }

    private void CountAsLost(OutboxEntry entry)
    {
        if (entry.File is { } file)
            DeleteFile(entry, file);
        entry.Account.LoseRest(entry.Records);
        Settle(entry, Remainder.Exported);
    }
}
