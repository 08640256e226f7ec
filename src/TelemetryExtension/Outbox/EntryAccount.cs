using TelemetryExtension.Diagnostics.Accounting;

namespace TelemetryExtension.Outbox;

/// <summary>What became of records at one destination. Taken ones need no count: they are the rest.</summary>
internal enum RecordOutcome : byte
{
    Taken,

    /// <summary>By partial success.</summary>
    Rejected,

    /// <summary>For their content: nobody takes them later.</summary>
    Refused,

    /// <summary>Refused for reasons unrelated to their content (401, 404): they can be sent again when the cause is gone.</summary>
    Unwanted,
    Expired,
    SpoolLost,
}

/// <summary>What became of the records that no destination lost.</summary>
internal enum Remainder : byte
{
    Exported,
    DeadLettered,
    Shed,
    Shutdown,
}

/// <summary>
/// What each destination has decided about one payload. It alone counts, and it alone writes to the ledger: with several destinations the one that
/// lost most decides, so that a record counts as exported only if every destination took it, and no record counts twice.
/// </summary>
internal sealed class EntryAccount(int destinations)
{
    private readonly Share[] _shares = new Share[destinations];

    /// <summary>How many times a destination decided about a part.</summary>
    public int Decisions { get; private set; }

    /// <summary>Every destination has decided about all of it.</summary>
    public bool IsSettled => Array.TrueForAll(_shares, static share => share.OpenParts == 0);

    /// <summary>At least one destination did not get it that may want it later.</summary>
    public bool IsWantedLater => Array.Exists(_shares, static share => share.Expired > 0 || share.Unwanted > 0);

    /// <summary>A destination waits for it: as one part, until a refusal splits it.</summary>
    public void Open(int destination) => _shares[destination].OpenParts = 1;

    public bool IsOpen(int destination) => _shares[destination].OpenParts > 0;

    public void Split(int destination)
    {
        _shares[destination].OpenParts++;
        _shares[destination].IsSplit = true;
    }

    /// <summary>One part is decided. True for the last one of this destination.</summary>
    public bool Decide(int destination, RecordOutcome outcome, int records)
    {
        Decisions++;
        _shares[destination].Count(outcome, records);
        return --_shares[destination].OpenParts == 0;
    }

    /// <summary>The body is gone: no destination gets the rest of it any more.</summary>
    /// <param name="records">Of the whole payload.</param>
    public void LoseRest(int records)
    {
        foreach (ref var share in _shares.AsSpan())
            share.SpoolLost += records - share.Lost;
    }

    /// <summary>No destination ever has to tell the two apart: for each, both are open as a whole, or both were taken.</summary>
    public bool IsLike(EntryAccount other)
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
    /// <param name="isDeadLettered">The payload was written as a dead letter: what expired or was not wanted is not dropped then.</param>
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

    /// <summary>Counts are records.</summary>
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
