using LambdaSandbox;
using OpenTelemetry.Proto.Trace.V1;

namespace EndToEnd.Tests.Trouble;

/// <summary>
/// The disk under /tmp is full or read-only: payloads that do not fit into memory while the backend is down are shed, in the order that the README
/// documents.
/// </summary>
[Collection(nameof(Alone))]
public sealed class DiskFaultTests
{
    /// <summary>The signals, the least valuable first.</summary>
    private static readonly string[] Signals = ["metrics", "traces", "logs"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <param name="disk">Full, or read-only.</param>
    /// <param name="invocations">
    /// The room is enough for metrics, spans and lines of seven invocations, for spans and lines of sixteen, or for three lines each of thirty-two.
    /// </param>
    /// <param name="lines">Additional lines that leave room for four invocations only.</param>
    /// <param name="last">The signal that loses some of its records. Less valuable ones lose all, more valuable ones none.</param>
    [Theory]
    [InlineData("full", 11, 0, "metrics")]
    [InlineData("full", 30, 0, "traces")]
    [InlineData("full", 40, 20, "logs")]
    [InlineData("read-only", 11, 0, "metrics")]
    [InlineData("read-only", 30, 0, "traces")]
    [InlineData("read-only", 40, 20, "logs")]
    public async Task A_disk_that_refuses_writes_costs_metrics_then_spans_then_logs_the_oldest_first(string disk, int invocations, int lines, string last)
    {
        using var mount = await Tmpfs.MountAsync(disk == "full" ? "size=4k" : "ro");
        if (disk == "full")
            await File.WriteAllBytesAsync(Path.Combine(mount.Folder, "filler"), new byte[4096], Cancellation);
        var (results, outcome) = await RunAsync(mount.Folder, invocations, lines);

        Assert.Contains(disk == "full" ? "disk full" : "read-only file system", outcome.Line("do not fit into memory"), StringComparison.Ordinal);
        foreach (var (name, account) in outcome.Ledger.Accounts.Where(account => account.Name != "events"))
        {
            var (arrived, whole) = name switch
            {
                "metrics" => (Counts(outcome, results), 1),
                "traces" => (Spans(outcome, results), 1),
                _ => (Lines(outcome, results), lines + FaultRun.LinesPerOrder),
            };
            var what = $"{name}: {account}, dropped {string.Join(' ', account.DroppedBy)}; of each invocation {string.Join(' ', arrived)}";
            var kept = arrived.SkipWhile(count => count == 0).ToList();
            Assert.True(account.Received == account.Exported + account.DroppedFor("shed") && kept.Skip(1).All(count => count == whole), what);
            Assert.True(Array.IndexOf(Signals, name).CompareTo(Array.IndexOf(Signals, last)) switch
            {
                // These are all except those after the last line, or span, that was shed.
                < 0 => kept.Count <= 2 && account.Exported <= account.Received / 10,
                0 => kept.Count > 0 && kept.Count < invocations,
                _ => kept.Count == invocations && kept[0] == whole && account.Exported == account.Received,
            }, what);
        }
    }

    [Fact]
    public async Task A_disk_that_becomes_full_keeps_the_oldest_lines_and_memory_the_newest()
    {
        const int lines = 20, whole = lines + FaultRun.LinesPerOrder;
        using var mount = await Tmpfs.MountAsync("size=256k");
        var (results, outcome) = await RunAsync(mount.Folder, 40, lines);

        Assert.Contains("disk full", outcome.Line("do not fit into memory"), StringComparison.Ordinal);
        var arrived = Lines(outcome, results);
        int oldest = arrived.TakeWhile(count => count == whole).Count(), newest = arrived.AsEnumerable().Reverse().TakeWhile(count => count == whole).Count();
        // At each end of the gap one invocation may have some lines.
        var gap = arrived.Skip(oldest + 1).SkipLast(newest + 1).ToList();
        Assert.True(oldest >= 5 && newest >= 2 && gap.Count >= 5 && gap.All(count => count == 0), string.Join(' ', arrived));
        var logs = outcome.Ledger.Logs;
        Assert.Equal((arrived.Count * whole, arrived.Sum(), logs.Dropped), (logs.Received, logs.Exported, logs.DroppedFor("shed")));
    }

    private static async Task<(IReadOnlyList<InvocationResult> Results, Outcome Outcome)> RunAsync(string folder, int invocations, int lines)
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { MemorySizeMb = 512 }, (FaultRun.Strategy, "end"),
            ("TELEMETRY_EXTENSION_OUTBOX_MAX_BYTES", "65536"), ("TELEMETRY_EXTENSION_SPOOL_DIRECTORY", folder));
        await lambda.Backend.PauseAsync(Cancellation);
        var results = await lambda.OrdersAsync(invocations, $",\"logLines\":{lines},\"logBytes\":500");
        await lambda.Backend.ResumeAsync(Cancellation);
        return (results, await lambda.EndAsync());
    }

    private static List<int> Lines(Outcome outcome, IReadOnlyList<InvocationResult> results) => [.. results.Select(result => outcome.LogsOf(result.RequestId).Count)];

    private static List<int> Spans(Outcome outcome, IReadOnlyList<InvocationResult> results) => [.. results.Select(result =>
        outcome.Spans.Count(span => span.Kind == Span.Types.SpanKind.Server && span.Text("faas.invocation_id") == result.RequestId))];

    /// <summary>Points that count an invocation do not name it, but have its time.</summary>
    private static List<int> Counts(Outcome outcome, IReadOnlyList<InvocationResult> results)
    {
        var times = outcome.Metrics.Where(metric => metric.Name == "faas.invocations").SelectMany(metric => metric.Sum.DataPoints)
            .Select(point => Decoded.Time(point.TimeUnixNano)).ToList();
        return [.. results.Select((result, number) =>
            times.Count(time => time >= result.StartedAt && (number + 1 == results.Count || time < results[number + 1].StartedAt)))];
    }
}
