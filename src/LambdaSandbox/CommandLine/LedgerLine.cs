using System.Globalization;
using System.Text.RegularExpressions;

namespace LambdaSandbox.CommandLine;

/// <summary>The counts that the extension printed at its end, for one account (traces, metrics, logs, events).</summary>
public sealed partial record LedgerLine(string Account, long Received, long Exported, long Rejected, long DeadLettered, long Spooled, long Buffered, long Dropped, string Reasons)
{
    public bool IsBalanced => Buffered >= 0 && Spooled >= 0 && Received == Exported + Rejected + DeadLettered + Spooled + Buffered + Dropped;

    /// <summary>Reads the ledger out of an extension's output; empty when it printed none.</summary>
    public static IReadOnlyList<LedgerLine> Read(IEnumerable<string> output)
    {
        var line = output.LastOrDefault(text => text.Contains("] ledger: ", StringComparison.Ordinal));
        return line is null ? [] : [.. Account_().Matches(line).Select(Read)];
    }

    private static LedgerLine Read(Match match)
    {
        return new(
            match.Groups["account"].Value, Number("received"), Number("exported"), Number("rejected"), Number("dead"), Number("spooled"),
            Number("buffered"), Number("dropped"), match.Groups["reasons"].Value);

        long Number(string name) => long.Parse(match.Groups[name].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(
        @"(?<account>\w+) received=(?<received>-?\d+) exported=(?<exported>-?\d+) rejected=(?<rejected>-?\d+) dead_lettered=(?<dead>-?\d+) spooled=(?<spooled>-?\d+) buffered=(?<buffered>-?\d+) dropped=(?<dropped>-?\d+)(?: \((?<reasons>[^)]*)\))?")]
    private static partial Regex Account_();
}
