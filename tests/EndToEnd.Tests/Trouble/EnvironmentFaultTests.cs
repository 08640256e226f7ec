using EndToEnd.Tests.Tools;
using Google.Protobuf;
using LambdaSandbox;

namespace EndToEnd.Tests.Trouble;

/// <summary>The environment itself ends badly, and what was known of it is still sent.</summary>
public sealed class EnvironmentFaultTests
{
    private const string Name = "telemetry-extension";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("end", "\"timeout\":true", "Sandbox.Timedout")]
    [InlineData("adaptive", "\"timeout\":true", "Sandbox.Timedout")]
    [InlineData("end", "\"crash\":true", "Runtime.ExitError")]
    [InlineData("adaptive", "\"crash\":true", "Runtime.ExitError")]
    public async Task An_invocation_that_ends_its_environment_arrives_as_an_error(string strategy, string command, string errorType)
    {
        await using var lambda = await LambdaUnderTest.StartAsync(options => options with { Timeout = TimeSpan.FromSeconds(2) }, (FaultRun.Strategy, strategy));
        var results = new List<InvocationResult>(await lambda.OrdersAsync(8));
        var failed = await lambda.InvokeToErrorAsync(FaultRun.Order("bad", $",{command},\"logLines\":5,\"logBytes\":20"), errorType);
        results.Add(await lambda.InvokeAsync(FaultRun.Order("after")));
        var outcome = await lambda.EndAsync(lives: 2);

        outcome.CheckAllArrived(results);
        Assert.True(outcome.Invocation(failed).IsError());
        Assert.InRange(outcome.LogsOf(failed.RequestId).Count, 5, 6);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_killed_extension_leaves_what_it_spooled_to_the_next_one(bool inTheMiddle)
    {
        using var folder = new TemporaryFolder();
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { MemorySizeMb = 512, Timeout = TimeSpan.FromSeconds(30) }, (FaultRun.Strategy, "end"), (FaultRun.Budget, "3000"),
            ("TELEMETRY_EXTENSION_OUTBOX_MAX_BYTES", "65536"), ("TELEMETRY_EXTENSION_SPOOL_DIRECTORY", folder.Path));
        await lambda.Backend.PauseAsync(Cancellation);
        await lambda.OrdersAsync(10, ",\"logLines\":200,\"logBytes\":500");
        // A running invocation ends with it, and many lines are being written to files by then. Between two invocations only Lambda notices.
        if (inTheMiddle)
            await lambda.InvokeToErrorAsync(
                FaultRun.Order("bad", ",\"logLines\":2000,\"logBytes\":500,\"sleepMs\":10000"), "Extension.Crash", new() { WhileRunning = _ => KillAsync(lambda) });
        else
            await KillAsync(lambda);
        var left = SpoolReading.Of(folder.Path);
        await lambda.Backend.ResumeAsync(Cancellation);
        var after = await lambda.InvokeAsync(FaultRun.Order("after"));
        // The first generation was killed without a ledger line. What the second one found counts as received there.
        var outcome = await lambda.EndAsync();

        Assert.True(outcome.Invocation(after).Flag("faas.coldstart"));
        Assert.InRange(left.Logs.Count, 1600, int.MaxValue);
        // Of 50. The last invocations' are in memory, more of them on a busy machine.
        Assert.InRange(left.Spans.Count, 30, int.MaxValue);
        Assert.StartsWith($"[telemetry-extension] took over {left.Files} payloads of an earlier generation", outcome.Line("of an earlier generation"), StringComparison.Ordinal);
        outcome.CheckNothingLost();
        var trace = outcome.Invocation(after).TraceId;
        CheckTakenOver(left.Logs, outcome.Logs, log => log.TraceId == trace, outcome.Ledger.Logs);
        CheckTakenOver(left.Spans, outcome.Spans, span => span.TraceId == trace, outcome.Ledger.Traces);
        Assert.Equal(FaultRun.LinesPerOrder, outcome.LogsOf(after.RequestId).Count);
    }

    [Fact]
    public async Task What_waits_in_files_is_told_apart_and_arrives_when_the_backend_is_back()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { MemorySizeMb = 512 }, (FaultRun.Strategy, "end"), ("TELEMETRY_EXTENSION_OUTBOX_MAX_BYTES", "65536"));
        await lambda.Backend.PauseAsync(Cancellation);
        var results = await lambda.OrdersAsync(5, ",\"logLines\":200,\"logBytes\":500");
        await lambda.Backend.ResumeAsync(Cancellation);
        var outcome = await lambda.EndAsync();

        outcome.CheckAllArrived(results, FaultRun.LinesPerOrder + 200);
        // The ledger at the time of the last metrics, before the drain.
        var (spooled, buffered) = (Gauge("telemetry_extension.records.spooled"), Gauge("telemetry_extension.records.buffered"));
        Assert.InRange(spooled, 500, outcome.Ledger.Logs.Received);
        Assert.InRange(spooled + buffered, spooled, outcome.Ledger.Logs.Received);

        long Gauge(string name) => Assert.Single(
            outcome.Metrics.Where(metric => metric.Name == name).SelectMany(metric => metric.Gauge.DataPoints),
            point => point.Attributes.Value("telemetry_extension.signal")?.StringValue == "logs").AsInt;
    }

    [Fact]
    public async Task The_function_empties_tmp_and_only_what_was_in_the_files_is_lost()
    {
        using var folder = new TemporaryFolder();
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { MemorySizeMb = 512 }, (FaultRun.Strategy, "end"),
            ("TELEMETRY_EXTENSION_OUTBOX_MAX_BYTES", "65536"), ("TELEMETRY_EXTENSION_SPOOL_DIRECTORY", folder.File("spool")));
        await lambda.Backend.PauseAsync(Cancellation);
        await lambda.OrdersAsync(5, ",\"logLines\":200,\"logBytes\":500");
        Assert.NotEmpty(Directory.GetFiles(folder.File("spool"), "*.otlp"));
        Directory.Delete(folder.File("spool"), recursive: true);
        await lambda.OrdersAsync(5, ",\"logLines\":200,\"logBytes\":500");
        Assert.NotEmpty(Directory.GetFiles(folder.File("spool"), "*.otlp"));
        await lambda.Backend.ResumeAsync(Cancellation);
        var outcome = await lambda.EndAsync();

        outcome.Line("somebody deleted");
        var logs = outcome.Ledger.Logs;
        Assert.InRange(logs.DroppedFor("spool_lost"), 500, 5 * (200 + FaultRun.LinesPerOrder));
        Assert.True(logs.DroppedFor("spool_lost") == logs.Dropped && logs.Exported == logs.Received - logs.Dropped, $"{logs}");
    }

    [Trait("Category", "Slow")]
    [Theory]
    [InlineData("timeout", "Sandbox.Timedout", "stdout")]
    [InlineData("timeout", "Sandbox.Timedout", "off")]
    [InlineData("crash", "Runtime.ExitError", "stdout")]
    public async Task A_reset_while_the_backend_is_down_leaves_everything_to_the_next_generation(string command, string errorType, string deadLetters)
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { MemorySizeMb = 512, Timeout = TimeSpan.FromSeconds(5) }, (FaultRun.Strategy, "end"),
            ("TELEMETRY_EXTENSION_OUTBOX_MAX_BYTES", "65536"), ("TELEMETRY_EXTENSION_DEAD_LETTERS", deadLetters));
        await lambda.Backend.PauseAsync(Cancellation);
        var results = new List<InvocationResult>(await lambda.OrdersAsync(10, ",\"logLines\":200,\"logBytes\":500"));
        var failed = await lambda.InvokeToErrorAsync(FaultRun.Order("bad", $",\"{command}\":true"), errorType);
        await lambda.Backend.ResumeAsync(Cancellation);
        var after = await lambda.InvokeAsync(FaultRun.Order("after"));
        var outcome = await lambda.EndAsync(lives: 2);

        outcome.CheckAllArrived(results, FaultRun.LinesPerOrder + 200);
        Assert.True(outcome.Invocation(failed).IsError());
        Assert.Equal(FaultRun.LinesPerOrder, outcome.LogsOf(after.RequestId).Count);
        outcome.Line("in files for the next generation");
        outcome.Line("of an earlier generation");
        Assert.Empty(outcome.DeadLetters);
    }

    private static async Task KillAsync(LambdaUnderTest lambda)
    {
        // During an invocation its lines are in transit.
        await Task.Delay(300, Cancellation);
        lambda.Sandbox.KillExtension(Name);
        await lambda.AwaitEndOfExtensionAsync();
    }

    /// <summary>Each record in the files arrived once and unchanged, beside only what the next generation created itself, and its ledger agrees.</summary>
    private static void CheckTakenOver<T>(IReadOnlyList<T> left, IReadOnlyList<T> arrived, Func<T, bool> isOwn, AccountReading account)
        where T : IMessage
    {
        Assert.Equal(left.Select(Text).Order(StringComparer.Ordinal), arrived.Where(record => !isOwn(record)).Select(Text).Order(StringComparer.Ordinal));
        var own = arrived.Count(isOwn);
        Assert.Equal((left.Count, left.Count), (account.Received - own, account.Exported - own));

        static string Text(T record) => Convert.ToBase64String(record.ToByteArray());
    }
}
