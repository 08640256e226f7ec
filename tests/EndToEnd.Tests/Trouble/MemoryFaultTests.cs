using EndToEnd.Tests.Otlp;
using EndToEnd.Tests.Tools;
using LambdaSandbox;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Common.V1;

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

    /// <summary>An SDK that does not batch: one small record a request, far more of them than there is room for, in memory or in files.</summary>
    [Fact]
    public async Task With_a_dead_backend_a_flood_of_small_requests_never_kills_the_function_and_fills_few_files()
    {
        const int Invocations = 4;
        const int Requests = 10_000;
        var port = FreePort.Find();
        using var folder = new TemporaryFolder();
        LambdaUnderTest lambda;
        try
        {
            lambda = await LambdaUnderTest.StartAsync(
                options => options with { MemorySizeMb = 128, LimitMemory = true, Timeout = TimeSpan.FromSeconds(60) },
                ("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", port), ("TELEMETRY_EXTENSION_SPOOL_DIRECTORY", folder.Path),
                ("TELEMETRY_EXTENSION_OUTBOX_MAX_BYTES", $"{2 << 20}"), ("TELEMETRY_EXTENSION_SPOOL_MAX_BYTES", $"{4 << 20}"));
        }
        catch (SandboxException reason)
        {
            Assert.Skip(reason.Message);
            return;
        }

        await using (lambda)
        {
            await lambda.Backend.PauseAsync(Cancellation);
            using var client = new ReceiverClient(port);
            var body = Payloads.Log(new AnyValue { StringValue = new string('x', 300) });
            var (taken, most) = (0, 0);
            for (var number = 0; number < Invocations; number++)
            {
                var left = Requests;
                var result = await lambda.InvokeAsync(FaultRun.Order($"{number}"), new InvokeOptions
                {
                    WhileRunning = _ => Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
                    {
                        while (Interlocked.Decrement(ref left) >= 0)
                            if (await client.PostAsync("/v1/logs", body) == 200)
                                Interlocked.Increment(ref taken);
                    }))),
                });
                Assert.False(result.OutOfMemory);
                Assert.InRange(result.MaxMemoryUsedMb, 1, 128);
                most = Math.Max(most, Directory.GetFiles(folder.Path, "*.otlp").Length);
            }

            var outcome = await lambda.EndAsync();
            var logs = outcome.Ledger.Logs;
            Assert.InRange(taken, Requests, Invocations * Requests);
            Assert.True(logs.Received >= taken && logs.DroppedFor("shed") > 0 && logs.Exported == 0, $"{taken} taken: {logs}");
            // One file each would be some ten thousand.
            Assert.InRange(most, 10, 1000);
            Assert.DoesNotContain(outcome.Said, line => line.Contains("emory", StringComparison.Ordinal));
        }
    }
}
