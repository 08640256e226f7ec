using TelemetryExtension.Diagnostics.Accounting;

namespace TelemetryExtension.Outbox;

/// <summary>The outcome of records at one destination. Accepted records need no count: they are the rest.</summary>
internal enum RecordOutcome : byte
{
    Accepted,

    /// <summary>Rejected in a partial success.</summary>
    Rejected,

    /// <summary>Refused for their content, so no destination would accept them later.</summary>
    Refused,

    /// <summary>Refused for reasons unrelated to their content (401, 404). A replay can send them once the cause is gone.</summary>
    Unwanted,
    Expired,
    SpoolLost,
}

/// <summary>The outcome of the records that no destination lost.</summary>
internal enum Remainder : byte
{
    Exported,
    DeadLettered,
    Shed,
    Shutdown,
}

/// <summary>
/// Records what each destination decided about one payload, and is the only code that writes these outcomes to the ledger. With several destinations the
/// one that lost most records decides: a record counts as exported only if every destination took it, and no record counts twice.
/// </summary>
internal sealed class EntryAccount(int destinations)
{
    private readonly Share[] _shares = new Share[destinations];

    /// <summary>The number of decisions about parts, by all destinations.</summary>
    public int Decisions { get; private set; }

    /// <summary>Whether every destination has decided about all parts.</summary>
    public bool IsSettled => Array.TrueForAll(_shares, static share => share.OpenParts == 0);

    /// <summary>Whether a replay can still deliver it to at least one destination.</summary>
    public bool IsReplayable => IsUnwanted || Array.Exists(_shares, static share => share.Expired > 0);

    /// <summary>Whether a destination refused records for a reason that is not their content.</summary>
    public bool IsUnwanted => Array.Exists(_shares, static share => share.Unwanted > 0);

    /// <summary>Registers a destination that needs the payload: as one part, until a refusal splits it.</summary>
    public void Open(int destination) => _shares[destination].OpenParts = 1;

    public bool IsOpen(int destination) => _shares[destination].OpenParts > 0;

    public void Split(int destination)
    {
        _shares[destination].OpenParts++;
        _shares[destination].IsSplit = true;
    }

    /// <summary>Records the outcome of one part. Returns true for the last part of this destination.</summary>
    public bool Decide(int destination, RecordOutcome outcome, int records)
    {
        Decisions++;
        _shares[destination].Count(outcome, records);
        return --_shares[destination].OpenParts == 0;
    }

    /// <summary>Counts the undecided records as lost, because the body is gone.</summary>
    /// <param name="records">The records of the whole payload.</param>
    public void MarkRestLost(int records)
    {
        foreach (ref var share in _shares.AsSpan())
            share.SpoolLost += records - share.Lost;
    }

    /// <summary>Whether two payloads may be merged: for each destination both are completely open, or both were accepted.</summary>
    public bool IsMergeableWith(EntryAccount other)
    {
        for (var i = 0; i < _shares.Length; i++)
        {
            ref readonly var mine = ref _shares[i];
            ref readonly var others = ref other._shares[i];
            if (!mine.IsWhole || !others.IsWhole || mine.OpenParts != others.OpenParts)
                return false;
        }

        return true;
    }

    /// <summary>Writes the final outcome of all records.</summary>
    /// <param name="isDeadLettered">
    /// Whether the payload was written as a dead letter. Its expired and unwanted records then count as dead-lettered, not as dropped.
    /// </param>
    public void Settle(Ledger ledger, LedgerAccount account, int records, Remainder rest, bool isDeadLettered = false)
    {
        var worst = _shares.MaxBy(static share => share.Lost);
        ledger.Rejected(account, worst.Rejected);
        ledger.Dropped(account, DropReason.Refused, worst.Refused + (isDeadLettered ? 0 : worst.Unwanted));
        ledger.Dropped(account, DropReason.Expired, isDeadLettered ? 0 : worst.Expired);
        ledger.DeadLettered(account, isDeadLettered ? worst.Unwanted + worst.Expired : 0);
        ledger.Dropped(account, DropReason.SpoolLost, worst.SpoolLost);
        var left = Math.Max(0, records - worst.Lost);
        switch (rest)
        {
            case Remainder.Exported:
                ledger.Exported(account, left);
                break;
            case Remainder.DeadLettered:
                ledger.DeadLettered(account, left);
                break;
            default:
                ledger.Dropped(account, rest == Remainder.Shed ? DropReason.Shed : DropReason.Shutdown, left);
                break;
        }
    }

    /// <summary>The counts are records.</summary>
    private struct Share
    {
        public int OpenParts;
        public bool IsSplit;
        public int Rejected;
        public int Refused;
        public int Unwanted;
        public int Expired;
        public int SpoolLost;

        public readonly int Lost => Rejected + Refused + Unwanted + Expired + SpoolLost;

        public readonly bool IsWhole => !IsSplit && Lost == 0;

        public void Count(RecordOutcome outcome, int records)
        {
            switch (outcome)
            {
                case RecordOutcome.Rejected:
                    Rejected += records;
                    break;
                case RecordOutcome.Refused:
                    Refused += records;
                    break;
                case RecordOutcome.Unwanted:
                    Unwanted += records;
                    break;
                case RecordOutcome.Expired:
                    Expired += records;
                    break;
                case RecordOutcome.SpoolLost:
                    SpoolLost += records;
                    break;
            }
        }
    }
}
