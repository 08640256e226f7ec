using TelemetryExtension.Diagnostics;
using TelemetryExtension.Diagnostics.Accounting;

namespace TelemetryExtension.Flushing;

/// <summary>Logs at debug level what one flush did: how much it changed the ledger. A flush that runs at the same time is included.</summary>
internal sealed class FlushNote(Ledger ledger)
{
    private readonly LedgerLine[] _before = Read(ledger);

    public void Write(string why, FlushOutcome outcome, int leftPayloads, TimeSpan took, TimeSpan limit)
    {
        var sent = Read(ledger).Zip(_before, static (now, before) => (now.Account, Exported: now.Exported - before.Exported, Rejected: now.Rejected - before.Rejected))
            .Where(static difference => difference.Exported + difference.Rejected > 0 && difference.Account != LedgerAccount.Events)
            .Select(static difference => $"{difference.Exported} {difference.Account.ToString().ToLowerInvariant()}"
                + (difference.Rejected > 0 ? $" ({difference.Rejected} rejected)" : ""));
        var what = string.Join(", ", sent);
        Log.Debug($"flush because {why}: sent {(what.Length > 0 ? what : "nothing")} in {took.TotalMilliseconds:F1} of {limit.TotalMilliseconds:F0} ms, "
            + $"{outcome switch { FlushOutcome.Complete => "complete", FlushOutcome.CutOff => "cut off", _ => "incomplete" }}, {leftPayloads} payloads left");
    }

    private static LedgerLine[] Read(Ledger ledger) => [.. Enum.GetValues<LedgerAccount>().Select(account => ledger[account])];
}
