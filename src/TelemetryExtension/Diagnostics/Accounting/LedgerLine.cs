using System.Globalization;
using System.Text;

namespace TelemetryExtension.Diagnostics.Accounting;

/// <summary>
/// The counts of one account at one moment. <see cref="Spooled"/> records are in files now. <see cref="Dropped"/> is indexed by <see
/// cref="DropReason"/>.
/// </summary>
internal sealed record LedgerLine(LedgerAccount Account, long Received, long Exported, long Rejected, long DeadLettered, long Spooled, long[] Dropped)
{
    public long DroppedTotal => Dropped.Sum();

    public long Sampled { get; init; }

    public long Filtered { get; init; }

    /// <summary>Values, not records.</summary>
    public long Redacted { get; init; }

    /// <summary>
    /// Records that are still in memory, by definition the rest of the sum. It must never be negative, and is 0 after a full drain.
    /// </summary>
    public long Buffered => Received - Exported - Rejected - DeadLettered - Spooled - Sampled - Filtered - DroppedTotal;

    public void AppendTo(StringBuilder text)
    {
        text.Append(CultureInfo.InvariantCulture,
            $"{Account.ToString().ToLowerInvariant()} received={Received} exported={Exported} rejected={Rejected} dead_lettered={DeadLettered} spooled={Spooled} buffered={Buffered}");
        // Most functions never have these.
        AppendSome(text, "sampled", Sampled);
        AppendSome(text, "filtered", Filtered);
        AppendSome(text, "redacted", Redacted);
        text.Append(CultureInfo.InvariantCulture, $" dropped={DroppedTotal}");
        if (DroppedTotal > 0)
            AppendReasons(text);
    }

    private static void AppendSome(StringBuilder text, string name, long count)
    {
        if (count > 0)
            text.Append(CultureInfo.InvariantCulture, $" {name}={count}");
    }

    private void AppendReasons(StringBuilder text)
    {
        var first = true;
        for (var reason = 0; reason < Dropped.Length; reason++)
        {
            if (Dropped[reason] == 0)
                continue;
            text.Append(first ? " (" : ", ").Append(CultureInfo.InvariantCulture, $"{NameOf((DropReason)reason)}={Dropped[reason]}");
            first = false;
        }

        text.Append(')');
    }

    /// <summary>The reason as users see it, in snake_case.</summary>
    public static string NameOf(DropReason reason)
    {
        var text = new StringBuilder();
        foreach (var c in reason.ToString())
        {
            if (char.IsUpper(c) && text.Length > 0)
                text.Append('_');
            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }
}
