using TelemetryExtension.Accounting;

namespace TelemetryExtension.Export;

/// <summary>One payload and how far each destination is with it. Guarded by the outbox's lock.</summary>
internal sealed class OutboxEntry(OtlpPayload payload, long sequence, int destinations)
{
    /// <summary>Without its body while that is in <see cref="File"/>.</summary>
    public OtlpPayload Payload { get; set; } = payload;

    /// <summary>Order of arrival.</summary>
    public long Sequence { get; } = sequence;

    public int Size { get; } = payload.Body.Length;

    public int Records => Payload.Records;

    public SpoolFile? File { get; set; }

    /// <summary>Its place in the outbox's list.</summary>
    public LinkedListNode<OutboxEntry>? Node { get; set; }

    /// <summary>Indexed by destination.</summary>
    public DestinationShare[] Shares { get; } = new DestinationShare[destinations];

    /// <summary>Requests being made of it: meanwhile it is neither spooled nor shed.</summary>
    public int InUse { get; set; }

    /// <summary>Left the outbox; queues that still hold it skip it.</summary>
    public bool IsGone { get; set; }

    /// <summary>Decided, and not delivered to all: it waits for the dead letters only.</summary>
    public bool IsExpired { get; set; }

    public bool IsSettled => Array.TrueForAll(Shares, static share => share.OpenParts == 0);

    /// <summary>
    /// The share that lost most. With several destinations it decides what the ledger says of the payload: a record counts as exported only if
    /// every destination took it, and no record counts twice.
    /// </summary>
    public DestinationShare Worst => Shares.MaxBy(static share => share.Lost);

    /// <summary>Writes the final outcome: what the worst share lost, by reason; <paramref name="rest"/> says what became of the others.</summary>
    /// <param name="deadLettered">Whether the payload was written as a dead letter: what went past its limits, or was not wanted, is not dropped then.</param>
    public void Settle(Ledger ledger, Action<LedgerAccount, int> rest, bool deadLettered = false)
    {
        var account = (LedgerAccount)Payload.Signal;
        var worst = Worst;
        if (worst.Rejected > 0)
            ledger.Rejected(account, worst.Rejected);
        var refused = worst.Refused + (deadLettered ? 0 : worst.Unwanted);
        if (refused > 0)
            ledger.Dropped(account, DropReason.Refused, refused);
        if (worst.Unwanted > 0 && deadLettered)
            ledger.DeadLettered(account, worst.Unwanted);
        if (worst.Expired > 0 && deadLettered)
            ledger.DeadLettered(account, worst.Expired);
        else if (worst.Expired > 0)
            ledger.Dropped(account, DropReason.Expired, worst.Expired);
        if (worst.SpoolLost > 0)
            ledger.Dropped(account, DropReason.SpoolLost, worst.SpoolLost);
        if (Records > worst.Lost)
            rest(account, Records - worst.Lost);
    }
}

/// <summary>What one destination did with one payload so far; counts are records.</summary>
internal struct DestinationShare
{
    /// <summary>Parts of the payload not yet decided; a payload is one part until a refusal splits it.</summary>
    public int OpenParts;
    public int Rejected;

    /// <summary>For what they are: nobody would take them later.</summary>
    public int Refused;

    /// <summary>Refused for a reason that is not theirs, such as an expired key: they can be sent again when that is mended.</summary>
    public int Unwanted;
    public int Expired;
    public int SpoolLost;

    public readonly int Lost => Rejected + Refused + Unwanted + Expired + SpoolLost;
}
