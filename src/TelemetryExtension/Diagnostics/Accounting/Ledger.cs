using System.Text;

namespace TelemetryExtension.Diagnostics.Accounting;

/// <summary>
/// Counts what happened to every record. Thread-safe without locks. At rest, for each account: received = exported + rejected + dropped (by reason) +
/// dead-lettered + sampled + filtered + spooled + buffered.
/// </summary>
internal sealed class Ledger
{
    public const int Accounts = 4;
    public static readonly int Reasons = Enum.GetValues<DropReason>().Length;

    private readonly long[] _received = new long[Accounts];
    private readonly long[] _exported = new long[Accounts];
    private readonly long[] _rejected = new long[Accounts];
    private readonly long[] _deadLettered = new long[Accounts];
    private readonly long[] _spooled = new long[Accounts];
    private readonly long[] _sampled = new long[Accounts];
    private readonly long[] _filtered = new long[Accounts];
    private readonly long[] _redacted = new long[Accounts];
    private readonly long[] _dropped = new long[Accounts * Reasons];

    /// <summary>
    /// Records that arrived, or that the extension made itself (spans and metrics of an invocation). A negative number takes back records that were
    /// not accepted in the end.
    /// </summary>
    public void Received(LedgerAccount account, long records = 1) => Interlocked.Add(ref _received[(int)account], records);

    /// <summary>Records that every destination took.</summary>
    public void Exported(LedgerAccount account, long records = 1) => Interlocked.Add(ref _exported[(int)account], records);

    /// <summary>Records that a backend refused inside an accepted request (partial_success).</summary>
    public void Rejected(LedgerAccount account, long records = 1) => Interlocked.Add(ref _rejected[(int)account], records);

    /// <summary>Records written to the dead-letter destination.</summary>
    public void DeadLettered(LedgerAccount account, long records = 1) => Interlocked.Add(ref _deadLettered[(int)account], records);

    public void Dropped(LedgerAccount account, DropReason reason, long records = 1) =>
        Interlocked.Add(ref _dropped[((int)account * Reasons) + (int)reason], records);

    /// <summary>Records of traces that the settings leave out. They are not dropped: nothing is wrong.</summary>
    public void Sampled(LedgerAccount account, long records) => Interlocked.Add(ref _sampled[(int)account], records);

    /// <summary>Records that a filter of the settings leaves out.</summary>
    public void Filtered(LedgerAccount account, long records) => Interlocked.Add(ref _filtered[(int)account], records);

    /// <summary>Values that were replaced inside records. It counts values, so it is no part of the sum.</summary>
    public void Redacted(LedgerAccount account, long values) => Interlocked.Add(ref _redacted[(int)account], values);

    /// <summary>
    /// Records written to a file. Negative when the file goes, whatever happens to the records. Call it before their next account is credited, so
    /// that they never count twice.
    /// </summary>
    public void Spooled(LedgerAccount account, long records) => Interlocked.Add(ref _spooled[(int)account], records);

    /// <summary>Reads Received last: records that arrive meanwhile then count as buffered, and Buffered is never negative.</summary>
    public LedgerLine this[LedgerAccount account]
    {
        get
        {
            var i = (int)account;
            var exported = Interlocked.Read(ref _exported[i]);
            var rejected = Interlocked.Read(ref _rejected[i]);
            var deadLettered = Interlocked.Read(ref _deadLettered[i]);
            var dropped = new long[Reasons];
            for (var reason = 0; reason < Reasons; reason++)
                dropped[reason] = Interlocked.Read(ref _dropped[(i * Reasons) + reason]);
            var spooled = Interlocked.Read(ref _spooled[i]);
            var (sampled, filtered, redacted) = (Interlocked.Read(ref _sampled[i]), Interlocked.Read(ref _filtered[i]), Interlocked.Read(ref _redacted[i]));
            return new(account, Interlocked.Read(ref _received[i]), exported, rejected, deadLettered, spooled, dropped)
            {
                Sampled = sampled,
                Filtered = filtered,
                Redacted = redacted,
            };
        }
    }

    /// <summary>
    /// One line for people and programs: <c>logs received=3 exported=2 rejected=0 dead_lettered=0 spooled=0 buffered=0 dropped=1 (malformed=1)</c>.
    /// "; " separates the accounts.
    /// </summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        for (var account = 0; account < Accounts; account++)
        {
            if (account > 0)
                text.Append("; ");
            this[(LedgerAccount)account].AppendTo(text);
        }

        return text.ToString();
    }
}
