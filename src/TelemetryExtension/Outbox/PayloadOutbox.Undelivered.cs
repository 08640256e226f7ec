using TelemetryExtension.Diagnostics.Accounting;

namespace TelemetryExtension.Outbox;

/// <summary>
/// Hands out payloads that no destination will get: those past their limits or refused for reasons unrelated to their content, and at the end of the
/// environment all that is left. The writer of dead letters takes them, loads them, and reports the outcome.
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
    /// Takes payloads past their limits, up to a size but at least one. The caller loads them (<see cref="LoadAsync"/>) and reports the outcome (<see
    /// cref="Resolve"/>).
    /// </summary>
    public IReadOnlyList<OutboxEntry> TakeExpired(int maxBytes)
    {
        lock (_gate)
            return TakeFrom(static order => order.OldestExpired, maxBytes);
    }

    /// <summary>
    /// Takes undelivered payloads at the end of the environment, up to a size but at least one: those past their limits first, then the oldest. Each is
    /// whole, even if some destination has it already. The caller loads them and reports the outcome.
    /// </summary>
    public IReadOnlyList<OutboxEntry> TakeOldest(int maxBytes)
    {
        lock (_gate)
        {
            var expired = TakeFrom(static order => order.OldestExpired, maxBytes);
            return expired.Count > 0 ? expired : TakeFrom(static order => order.Oldest, maxBytes);
        }
    }

    /// <summary>Loads the body of an entry that was taken. Returns false when its file is gone or damaged; the loss is then counted.</summary>
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
    /// Counts everything that is left as dropped, in the order of <see cref="TakeOldest"/>, without reading it. Returns the number of payloads. Their files
    /// stay until <see cref="DeleteGivenUpAsync"/>, because deleting hundreds of files on a fraction of a CPU takes longer than the rest of a shutdown.
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

    /// <summary>Deletes the files of dropped payloads. Call it after the last log line.</summary>
    public async Task DeleteGivenUpAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _deletions.AddRange(_givenUp);
            _givenUp.Clear();
        }

        await WaitForFilesAsync(cancellationToken);
    }

    /// <summary>Counts the outcome of an entry that was taken.</summary>
    public void Resolve(OutboxEntry entry, bool isDeadLettered)
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
            // The file stays until its outcome is known.
            TakeOut(entry);
            taken.Add(entry);
        }

        return taken;
    }

    /// <summary>
    /// Keeps an entry for the dead letters when every destination has decided and a replay could still deliver it to one of them. Returns false otherwise,
    /// and when dead letters are off. The entry stays in memory or in its file, and counts there, until the room is needed.
    /// </summary>
    private bool TryKeepForDeadLetters(OutboxEntry entry)
    {
        if (!_options.KeepsForDeadLetters || !entry.Account.IsReplayable)
            return false;
        // Take it out before its state changes, because the order finds its list by the state.
        _order.TakeOut(entry);
        entry.Expire();
        _order.Place(entry);
        return true;
    }

    private void DiscardExpired(OutboxEntry expired)
    {
        TakeOut(expired);
        GiveUp(expired, isDeadLettered: false);
    }

    /// <summary>Counts an entry as lost whose file is gone or damaged.</summary>
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
        entry.Account.MarkRestLost(entry.Records);
        Settle(entry, Remainder.Exported);
    }
}
