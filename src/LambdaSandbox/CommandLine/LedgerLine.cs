using System.Globalization;
using System.Text.RegularExpressions;

namespace LambdaSandbox.CommandLine;

/// <summary>The counts that the extension logged at its end for one account (traces, metrics, logs, events).</summary>
public sealed partial record LedgerLine(string Account, long Received, long Exported, long Rejected, long DeadLettered, long Spooled, long Buffered, long Sampled, long Filtered,
    long Dropped, string Reasons)
{
    public bool IsBalanced => Buffered >= 0 && Spooled >= 0 && Received == Exported + Rejected + DeadLettered + Spooled + Buffered + Sampled + Filtered + Dropped;

    /// <summary>Reads the ledger from an extension's output. Empty when there is none.</summary>
    public static IReadOnlyList<LedgerLine> Read(IEnumerable<string> output)
    {
        var line = output.LastOrDefault(text => text.Contains("] ledger: ", StringComparison.Ordinal));
        return line is null ? [] : [.. Account_().Matches(line).Select(Read)];
    }

    private static LedgerLine Read(Match match)
    {
        return new(
            match.Groups["account"].Value, Number("received"), Number("exported"), Number("rejected"), Number("dead"), Number("spooled"),
            Number("buffered"), Number("sampled"), Number("filtered"), Number("dropped"), match.Groups["reasons"].Value);

        // What the settings leave out is named only when there is some.
        long Number(string name) => match.Groups[name].Success ? long.Parse(match.Groups[name].Value, CultureInfo.InvariantCulture) : 0;
    }

    [GeneratedRegex(
        @"(?<account>\w+) received=(?<received>-?\d+) exported=(?<exported>-?\d+) rejected=(?<rejected>-?\d+) " +
        @"dead_lettered=(?<dead>-?\d+) spooled=(?<spooled>-?\d+) buffered=(?<buffered>-?\d+)(?: sampled=(?<sampled>\d+))?(?: filtered=(?<filtered>\d+))?(?: redacted=\d+)? dropped=(?<dropped>-?\d+)(?: \((?<reasons>[^)]*)\))?")]
    private static partial Regex Account_();
}
