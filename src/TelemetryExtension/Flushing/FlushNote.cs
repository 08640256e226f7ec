using TelemetryExtension.Diagnostics;
using TelemetryExtension.Diagnostics.Accounting;

namespace TelemetryExtension.Flushing;

/// <summary>Logs at debug level what one flush did: how much it changed the ledger. A flush that runs at the same time is included.</summary>
internal sealed class FlushNote(Ledger ledger)
{
    private readonly LedgerLine[] _before = Read(ledger);

    public void Write(string why, FlushOutcome outcome, int leftPayloads, TimeSpan took, TimeSpan limit)
    {
        var what = string.Join(", ", Read(ledger).Zip(_before, Sent).OfType<string>());
        Log.Debug($"flush because {why}: sent {(what.Length > 0 ? what : "nothing")} in {took.TotalMilliseconds:F1} of {limit.TotalMilliseconds:F0} ms, "
            + $"{outcome switch { FlushOutcome.Complete => "complete", FlushOutcome.CutOff => "cut off", _ => "incomplete" }}, {leftPayloads} payloads left");
    }

    /// <summary>Null when nothing of this kind was sent.</summary>
    private static string? Sent(LedgerLine now, LedgerLine before)
    {
        var (exported, rejected) = (now.Exported - before.Exported, now.Rejected - before.Rejected);
        if (exported + rejected == 0 || now.Account == LedgerAccount.Events)
            return null;
        return $"{exported} {now.Account.ToString().ToLowerInvariant()}{(rejected > 0 ? $" ({rejected} rejected)" : "")}";
    }

    private static LedgerLine[] Read(Ledger ledger) => [.. Enum.GetValues<LedgerAccount>().Select(account => ledger[account])];
}
