using EndToEnd.Tests.Tools;
using LambdaSandbox;

namespace EndToEnd.Tests.Trouble;

/// <summary>The environment itself ends badly: what was known of it still goes out.</summary>
public sealed class EnvironmentFaultTests
{
    private const string Name = "telemetry-extension";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("end", "\"timeout\":true", "Sandbox.Timedout")]
    [InlineData("adaptive", "\"timeout\":true", "Sandbox.Timedout")]
    [InlineData("end", "\"crash\":true", "Runtime.ExitError")]
    [InlineData("adaptive", "\"crash\":true", "Runtime.ExitError")]
    public async Task An_invocation_that_takes_its_environment_down_arrives_as_an_error(string strategy, string command, string errorType)
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

    [Fact]
    public async Task A_killed_extension_leaves_what_it_spooled_to_the_next_one()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { MemorySizeMb = 512 }, (FaultRun.Strategy, "end"), ("TELEMETRY_EXTENSION_OUTBOX_MAX_BYTES", "65536"));
        await lambda.Backend.PauseAsync(Cancellation);
        await lambda.OrdersAsync(10, ",\"logLines\":200,\"logBytes\":500");
        lambda.Sandbox.KillExtension(Name);
        // Lambda has to notice it before the next invocation, or that one pays for it.
        await lambda.Backend.ResumeAsync(Cancellation);
        Assert.True(SpinWait.SpinUntil(() => lambda.Sandbox.Extensions.All(extension => extension.ExitCode is not null), TimeSpan.FromSeconds(5)));
        var after = await lambda.InvokeAsync(FaultRun.Order("after"));
        // The first life was killed and said no ledger; what the second found counts as received there.
        var outcome = await lambda.EndAsync();

        outcome.CheckNothingLost();
        outcome.Line("of an earlier generation");
        Assert.True(outcome.Ledger.Logs.Exported >= 10 * 200 * 8 / 10, $"only {outcome.Ledger.Logs} of the 2,000 lines were found again");
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
        // The ledger as it was when the last metrics were made, before the drain.
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

    [Theory]
    [InlineData("timeout", "Sandbox.Timedout", "stdout")]
    [InlineData("timeout", "Sandbox.Timedout", "off")]
    [InlineData("crash", "Runtime.ExitError", "stdout")]
    public async Task A_reset_while_the_backend_is_down_leaves_everything_to_the_next_life(string command, string errorType, string deadLetters)
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
        outcome.Line("left in files for the next generation");
        outcome.Line("of an earlier generation");
        Assert.Empty(outcome.DeadLetters);
    }

    [Theory]
    [InlineData("size=256k", "disk full")]
    [InlineData("ro", "read-only file system")]
    public async Task A_temporary_directory_that_is_full_or_read_only_means_shedding_and_no_more(string mountOptions, string reason)
    {
        using var mount = await Tmpfs.MountAsync(mountOptions);
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { MemorySizeMb = 512 }, (FaultRun.Strategy, "end"),
            ("TELEMETRY_EXTENSION_OUTBOX_MAX_BYTES", "65536"), ("TELEMETRY_EXTENSION_SPOOL_DIRECTORY", mount.Folder));
        await CheckShedAsync(lambda, reason);
    }

    private static async Task CheckShedAsync(LambdaUnderTest lambda, string reason)
    {
        await lambda.Backend.PauseAsync(Cancellation);
        await lambda.OrdersAsync(40, ",\"logLines\":20,\"logBytes\":500");
        await lambda.Backend.ResumeAsync(Cancellation);
        var outcome = await lambda.EndAsync();

        Assert.Contains(reason, outcome.Line("is shed"), StringComparison.Ordinal);
        var logs = outcome.Ledger.Logs;
        Assert.True(logs.DroppedFor("shed") > 100 && logs.DroppedFor("shed") == logs.Dropped && logs.Exported > 0, $"{logs}: {string.Join(", ", logs.DroppedBy)}");
    }
}
