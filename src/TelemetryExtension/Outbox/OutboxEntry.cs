using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Outbox;

/// <summary>One payload, or several that became one on their way into a file, and how far each destination is with it. Guarded by the outbox's lock.</summary>
internal sealed class OutboxEntry
{
    /// <summary>What one takes of the heap beside its body, as measured: objects of its own, its id, its places in lists; and for each destination.</summary>
    private const int OwnBytes = 480;
    private const int ShareBytes = 160;

    /// <param name="size">Of the body, which may be in a file.</param>
    public OutboxEntry(OtlpPayload payload, int size, long sequence, int destinations)
    {
        Payload = payload;
        Size = size;
        Sequence = sequence;
        Shares = new DestinationShare[destinations];
        Node = new(this);
    }

    /// <summary>Without its body while that is in <see cref="File"/>.</summary>
    public OtlpPayload Payload { get; set; }

    /// <summary>Order of arrival.</summary>
    public long Sequence { get; }

    /// <summary>Of the body, wherever it is.</summary>
    public int Size { get; private set; }

    /// <summary>What it takes of the memory's ceiling while its body is in memory. Of those in files there are few: <see cref="Spool.MaxFiles"/>.</summary>
    public int Cost => Size + BesideBody(Shares.Length);

    public int Records => Payload.Records;

    public SpoolFile? File { get; set; }

    /// <summary>Its place in the outbox's lists.</summary>
    public LinkedListNode<OutboxEntry> Node { get; }

    /// <summary>Indexed by destination.</summary>
    public DestinationShare[] Shares { get; }

    /// <summary>Requests being made of it: meanwhile it is neither spooled nor shed.</summary>
    public int InUse { get; set; }

    /// <summary>Left the outbox; batches that still hold it skip it.</summary>
    public bool IsGone { get; set; }

    /// <summary>Decided, and not delivered to all: it waits for the dead letters only.</summary>
    public bool IsExpired { get; set; }

    public static int BesideBody(int destinations) => OwnBytes + (ShareBytes * destinations);

    public bool IsSettled => Array.TrueForAll(Shares, static share => share.OpenParts == 0);

    /// <summary>
    /// The share that lost most. With several destinations it decides what the ledger says of the payload: a record counts as exported only if
    /// every destination took it, and no record counts twice.
    /// </summary>
    public DestinationShare Worst => Shares.MaxBy(static share => share.Lost);

    /// <summary>Whether no destination ever has to tell the two apart: they can go on as one payload.</summary>
    public bool IsLike(OutboxEntry other)
    {
        if (Payload.Signal != other.Payload.Signal)
            return false;
        for (var i = 0; i < Shares.Length; i++)
        {
            ref readonly var mine = ref Shares[i];
            ref readonly var others = ref other.Shares[i];
            if (!mine.IsWhole || !others.IsWhole || mine.OpenParts != others.OpenParts || mine.Batch != others.Batch || mine.Fresh is null != others.Fresh is null)
                return false;
        }

        return true;
    }

    /// <summary>Now stands for others too, whose bodies are in one file with its own.</summary>
    public void BecomeOne(OtlpPayload payload, int size, SpoolFile file) => (Payload, Size, File) = (payload, size, file);

    /// <summary>Its file is gone or damaged: nobody gets it any more.</summary>
    public void LoseBody()
    {
        foreach (ref var share in Shares.AsSpan())
            share.SpoolLost = Records - share.Lost + share.SpoolLost;
    }

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
    public bool IsSplit;
    public int Rejected;

    /// <summary>For what they are: nobody would take them later.</summary>
    public int Refused;

    /// <summary>Refused for a reason that is not theirs, such as an expired key: they can be sent again when that is mended.</summary>
    public int Unwanted;
    public int Expired;
    public int SpoolLost;

    /// <summary>Its place in the lane's queue, until the first request is made of it.</summary>
    public LinkedListNode<OutboxEntry>? Fresh;

    /// <summary>The batch it waits in for another request.</summary>
    public DeliveryBatch? Batch;

    public readonly int Lost => Rejected + Refused + Unwanted + Expired + SpoolLost;

    /// <summary>All of it is open, or all of it was taken.</summary>
    public readonly bool IsWhole => !IsSplit && Lost == 0;
}
