using EndToEnd.Tests.Trouble;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests;

/// <summary>
/// Compares the ledger as metrics with the line at the end. The last metrics are created when everything is encoded and before the drain sends it,
/// themselves included. So received, rejected, dropped and dead-lettered are final in them, but a part of what the line counts as exported is still
/// buffered. Of the metrics' own account they cannot contain the end.
/// </summary>
public sealed class LedgerMetricTests
{
    private const string Signal = "telemetry_extension.signal";

    /// <param name="exportedBefore">The counts are sent once a minute. A jump of the clock makes that happen, so their deltas arrive in two parts.</param>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_counters_at_the_backend_agree_with_the_line(bool exportedBefore)
    {
        await using var lambda = await LambdaUnderTest.StartAsync(null, (FaultRun.Strategy, "end"), (FaultRun.Budget, "2000"));
        await lambda.OrdersAsync(2);
        await RejectedAndRefusedAsync(lambda);
        if (exportedBefore)
            ClockOf.Process(Assert.Single(lambda.Sandbox.Extensions).Pid!.Value).Set(TimeSpan.FromMinutes(2));
        lambda.Backend.Respond = Faults.On(OtlpSignal.Traces, Faults.First(1, Fault.Http(401, "expired key")));
        await lambda.OrdersAsync(1);
        // They are written beside invocations, and may be frozen in between.
        await lambda.OrdersUntilAsync([], () => lambda.ExtensionLines.Any(line => line.StartsWith("otlp-dead-letter/1 ", StringComparison.Ordinal)) ? null : "dead letters");
        await lambda.OrdersAsync(2);
        var outcome = await lambda.EndAsync();

        var (logs, traces) = (outcome.Ledger.Logs, outcome.Ledger.Traces);
        Assert.Equal((2, FaultRun.LinesPerOrder), (logs.Rejected, logs.DroppedFor("refused")));
        Assert.True(traces is { DeadLettered: > 0, Exported: > 0 }, $"{traces}");
        foreach (var (name, account) in outcome.Ledger.Accounts.Where(account => account.Name != "metrics"))
        {
            Assert.Equal(
                (account.Received, account.Rejected, account.DeadLettered, account.Dropped),
                (Total("received"), Total("rejected"), Total("dead_lettered"), Total("dropped")));
            Assert.All(account.DroppedBy, reason => Assert.Equal(reason.Value, Total("dropped", ("telemetry_extension.drop_reason", reason.Key))));
            // At least one span is buffered, because the last invocation's report arrives just before SHUTDOWN.
            Assert.Equal(account.Exported, Total("exported") + LastBuffered(outcome, name));
            Assert.InRange(Total("exported"), account.Exported / 2, account.Exported);

            long Total(string what, params IReadOnlyList<(string, string)> more) => (long)outcome.Total($"telemetry_extension.records.{what}", [(Signal, name), .. more]);
        }

        Assert.Equal(exportedBefore ? 2 : 1, outcome.Metrics.Count(metric => metric.Name == "telemetry_extension.records.received"));
    }

    [Fact]
    public async Task With_the_names_of_the_conventions_each_finished_export_counts_once_by_its_result()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            null, (FaultRun.Strategy, "end"), (FaultRun.Budget, "2000"), ("TELEMETRY_EXTENSION_METRICS_LEDGER_NAMES", "otel"));
        await lambda.OrdersAsync(2);
        await RejectedAndRefusedAsync(lambda);
        await lambda.OrdersAsync(1);
        var outcome = await lambda.EndAsync();

        var points = outcome.Metrics.Where(metric => metric.Name == "otel.sdk.exporter.log.exported").SelectMany(metric => metric.Sum.DataPoints)
            .GroupBy(point => point.Attributes.Value("error.type")?.StringValue ?? "")
            .ToDictionary(group => group.Key, group => group.Sum(point => point.AsInt));
        Assert.Equal(["", "refused", "rejected"], points.Keys.Order());
        Assert.Equal(2, points["rejected"]);
        Assert.Equal(FaultRun.LinesPerOrder, points["refused"]);
        Assert.InRange(points[""], 1, outcome.Ledger.Logs.Exported);
        Assert.NotEqual(0, outcome.Total("otel.sdk.exporter.span.exported"));
        var names = outcome.Metrics.Select(metric => metric.Name).ToHashSet();
        Assert.Contains("telemetry_extension.records.received", names);
        Assert.DoesNotContain("telemetry_extension.records.rejected", names);
        Assert.DoesNotContain("telemetry_extension.records.dropped", names);
    }

    /// <summary>The backend rejects two records, and then refuses those of one invocation. On a busy machine a flush may end after its invocation, so this waits for both.</summary>
    private static async Task RejectedAndRefusedAsync(LambdaUnderTest lambda)
    {
        lambda.Backend.Respond = Faults.On(OtlpSignal.Logs, Faults.First(1, Fault.PartialSuccess(2, "too old")));
        await lambda.OrdersUntilAsync([], () => lambda.Backend.Requests.Any(request => request.AcceptedItems > 0 && request.AcceptedItems < request.ItemCount) ? null : "a partial success");
        lambda.Backend.Respond = Faults.On(OtlpSignal.Logs, Faults.RefuseContaining("poison"));
        await lambda.InvokeAsync(FaultRun.Order("poison"));
        await lambda.OrdersUntilAsync([], () => lambda.Backend.Requests.Any(request => request.HttpStatus == 400) ? null : "a refusal");
    }

    private static long LastBuffered(Outcome outcome, string signal) =>
        outcome.Metrics.Where(metric => metric.Name == "telemetry_extension.records.buffered").SelectMany(metric => metric.Gauge.DataPoints)
            .Where(point => point.Attributes.Value(Signal)?.StringValue == signal).MaxBy(point => point.TimeUnixNano)!.AsInt;
}
