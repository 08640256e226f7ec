using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Trouble;

public sealed class MemoryFaultTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(128, false)]
    [InlineData(128, true)]
    [InlineData(1769, true)]
    [InlineData(2048, true)]
    public async Task With_a_dead_backend_a_flood_of_logs_never_kills_the_function(int megabytes, bool hangs)
    {
        LambdaUnderTest lambda;
        try
        {
            lambda = await LambdaUnderTest.StartAsync(
                options => options with { MemorySizeMb = megabytes, LimitMemory = true, Timeout = TimeSpan.FromSeconds(20) });
        }
        catch (SandboxException reason)
        {
            Assert.Skip(reason.Message);
            return;
        }

        await using (lambda)
        {
            if (hangs)
                lambda.Backend.Respond = Faults.Always(Fault.HangBeforeHeaders);
            else
                await lambda.Backend.PauseAsync(Cancellation);
            for (var number = 0; number < 12; number++)
            {
                var result = await lambda.InvokeAsync(FaultRun.Order($"{number}", ",\"logLines\":6000,\"logBytes\":1000"));
                Assert.False(result.OutOfMemory);
                Assert.InRange(result.MaxMemoryUsedMb, 1, megabytes);
            }

            var outcome = await lambda.EndAsync();
            Assert.True(outcome.Ledger.Logs.Received > 50_000, $"{outcome.Ledger.Logs}");
            Assert.Equal(0, outcome.Ledger.Logs.Exported);
            // The ceilings of the buffers leave room in the heap: what is too much is shed by them, and not for want of memory.
            Assert.DoesNotContain(outcome.Said, line => line.Contains("emory", StringComparison.Ordinal));
        }
    }

    /// <summary>What a control group would forbid, measured: it needs no rights, so it is never skipped.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task With_a_dead_backend_two_hundred_invocations_of_many_logs_keep_the_extension_small(bool hangs)
    {
        const int megabytes = 128, invocations = 200, lines = 500;
        await using var lambda = await LambdaUnderTest.StartAsync(options => options with { MemorySizeMb = megabytes, Timeout = TimeSpan.FromSeconds(20) });
        if (hangs)
            lambda.Backend.Respond = Faults.Always(Fault.HangBeforeHeaders);
        else
            await lambda.Backend.PauseAsync(Cancellation);
        for (var number = 0; number < invocations; number++)
            await lambda.InvokeAsync(FaultRun.Order($"{number}", $",\"logLines\":{lines},\"logBytes\":1000"));
        var peak = Assert.Single(lambda.Sandbox.Extensions).PeakResidentBytes;
        var outcome = await lambda.EndAsync();

        TestContext.Current.TestOutputHelper?.WriteLine($"{peak >> 20} MiB");
        Assert.InRange(peak ?? 0, 1, megabytes << 19);
        var logs = outcome.Ledger.Logs;
        Assert.Equal((invocations * (lines + FaultRun.LinesPerOrder), 0), (logs.Received, logs.Exported));
        Assert.DoesNotContain(outcome.Said, line => line.Contains("emory", StringComparison.Ordinal));
    }

    [Fact]
    public async Task SHUTDOWN_with_full_buffers_gets_all_of_it_out_in_time()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { MemorySizeMb = 512, Timeout = TimeSpan.FromSeconds(20) },
            (FaultRun.Strategy, "end"), ("TELEMETRY_EXTENSION_OUTBOX_MAX_BYTES", $"{24 << 20}"));
        await lambda.Backend.PauseAsync(Cancellation);
        var results = await lambda.OrdersAsync(16, ",\"logLines\":1000,\"logBytes\":1000");
        lambda.Backend.Respond = Faults.Always(Fault.Slow(TimeSpan.FromMilliseconds(50)));
        await lambda.Backend.ResumeAsync(Cancellation);
        var outcome = await lambda.EndAsync();

        Assert.True(lambda.Backend.Requests.Sum(request => request.Body.Length) > 16 << 20, "less than 16 MiB were sent");
        outcome.CheckAllArrived(results, FaultRun.LinesPerOrder + 1000);
    }
}
