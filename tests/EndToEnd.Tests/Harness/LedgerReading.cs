using System.Globalization;
using System.Text.RegularExpressions;

namespace EndToEnd.Tests.Harness;

/// <summary>One account in the ledger line, which is the extension's last line.</summary>
internal sealed record AccountReading(
    long Received, long Exported, long Rejected, long DeadLettered, long Spooled, long Buffered, long Sampled, long Filtered,
    long Redacted, long Dropped, IReadOnlyDictionary<string, long> DroppedBy)
{
    public static AccountReading Zero { get; } = new(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, new Dictionary<string, long>());

    public long DroppedFor(string reason) => DroppedBy.GetValueOrDefault(reason);

    public AccountReading WithoutSpooled() => this with { Received = Received - Spooled, Spooled = 0 };

    public AccountReading Plus(AccountReading other) => new(
        Received + other.Received, Exported + other.Exported, Rejected + other.Rejected, DeadLettered + other.DeadLettered, Spooled + other.Spooled,
        Buffered + other.Buffered, Sampled + other.Sampled, Filtered + other.Filtered, Redacted + other.Redacted, Dropped + other.Dropped,
        DroppedBy.Concat(other.DroppedBy).GroupBy(pair => pair.Key).ToDictionary(group => group.Key, group => group.Sum(pair => pair.Value)));
}

/// <summary>The ledger of one generation, or the sum over all of them.</summary>
internal sealed partial record LedgerReading(AccountReading Traces, AccountReading Metrics, AccountReading Logs, AccountReading Events)
{
    public const string Prefix = "[telemetry-extension] ledger: ";

    private static readonly string[] Names = ["traces", "metrics", "logs", "events"];

    public IEnumerable<(string Name, AccountReading Account)> Accounts => [("traces", Traces), ("metrics", Metrics), ("logs", Logs), ("events", Events)];

    /// <summary>
    /// The sum over all generations. The next generation counts payloads in files as received again, so the earlier one's count is subtracted.
    /// </summary>
    public static LedgerReading ReadLives(IReadOnlyList<string> lines) =>
        lines.Select((line, life) => Read(line, mayBeSpooled: life < lines.Count - 1).WithoutSpooled()).Aggregate((sum, ledger) => sum.Plus(ledger));

    /// <summary>Reads the line. Fails unless every account is present and adds up with nothing left in memory.</summary>
    /// <param name="mayBeSpooled">Whether something may be left in files, which is so only before another generation.</param>
    public static LedgerReading Read(string line, bool mayBeSpooled = false)
    {
        Assert.StartsWith(Prefix, line, StringComparison.Ordinal);
        var accounts = line[Prefix.Length..].Split("; ").Select(text => Account(text, line, mayBeSpooled)).ToDictionary(pair => pair.Name, pair => pair.Reading);
        Assert.True(Names.All(accounts.ContainsKey) && accounts.Count == Names.Length, $"accounts missing or unknown in: {line}");
        return new(accounts["traces"], accounts["metrics"], accounts["logs"], accounts["events"]);
    }

    public LedgerReading Plus(LedgerReading other) =>
        new(Traces.Plus(other.Traces), Metrics.Plus(other.Metrics), Logs.Plus(other.Logs), Events.Plus(other.Events));

    private LedgerReading WithoutSpooled() => new(Traces.WithoutSpooled(), Metrics.WithoutSpooled(), Logs.WithoutSpooled(), Events.WithoutSpooled());

    private static (string Name, AccountReading Reading) Account(string text, string line, bool mayBeSpooled)
    {
        var match = Form().Match(text);
        Assert.True(match.Success, $"'{text}' is not an account, in: {line}");
        long Number(string name) => match.Groups[name].Success ? long.Parse(match.Groups[name].Value, CultureInfo.InvariantCulture) : 0;
        var reasons = match.Groups["reasons"].Value.Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(reason => reason.Split('='))
            .ToDictionary(parts => parts[0], parts => long.Parse(parts[1], CultureInfo.InvariantCulture));
        var account = new AccountReading(
            Number("received"), Number("exported"), Number("rejected"), Number("dead"), Number("spooled"), Number("buffered"),
            Number("sampled"), Number("filtered"), Number("redacted"), Number("dropped"), reasons);
        Assert.True(
            account.Buffered == 0 && (account.Spooled == 0 || (mayBeSpooled && account.Spooled > 0)) && account.Dropped == reasons.Values.Sum()
            && account.Received == account.Exported + account.Rejected + account.DeadLettered + account.Spooled + account.Sampled + account.Filtered + account.Dropped,
            $"'{text}' does not add up, in: {line}");
        return (match.Groups["name"].Value, account);
    }

    [GeneratedRegex(
        @"^(?<name>[a-z]+) received=(?<received>\d+) exported=(?<exported>\d+) rejected=(?<rejected>\d+) dead_lettered=(?<dead>\d+) "
        + @"spooled=(?<spooled>-?\d+) buffered=(?<buffered>-?\d+)( sampled=(?<sampled>\d+))?( filtered=(?<filtered>\d+))?( redacted=(?<redacted>\d+))? dropped=(?<dropped>\d+)( \((?<reasons>[a-z_]+=\d+(, [a-z_]+=\d+)*)\))?$")]
    private static partial Regex Form();
}
