using EndToEnd.Tests.Otlp;
using EndToEnd.Tests.Tools;
using LambdaSandbox;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Common.V1;

namespace EndToEnd.Tests.Trouble;

/// <summary>
/// The function uses a large part of its memory. With a limit, an extension above its budget would get the function killed, because the kernel kills the
/// largest process. Without a limit nothing is killed, but the extension's peak is still measured: that needs no permissions, so this test is never
/// skipped.
/// </summary>
[Collection(nameof(Alone))]
public sealed class MemoryFaultTests
{
    /// <summary>Together with the function's base it uses 80 of 128 MB.</summary>
    private const string Holds = ",\"holdMb\":60";

    /// <summary>Drop reasons for what exceeds the budget. No record may be lost for another reason.</summary>
    private static readonly string[] Reasons = ["buffer_bytes", "shed"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(128, false)]
    [InlineData(128, true)]
    [InlineData(1769, true)]
    [InlineData(2048, true)]
    public async Task With_a_dead_backend_a_flood_of_logs_never_kills_the_function(int megabytes, bool hangs)
    {
        const int invocations = 12, lines = 6000;
        await using var lambda = await StartAsync(megabytes, isLimited: true);
        await DieAsync(lambda, hangs);
        for (var number = 0; number < invocations; number++)
            CheckRoom(await lambda.InvokeAsync(Flood(number, lines)), megabytes);
        CheckPeak(lambda, megabytes);

        await CheckEndAsync(lambda, invocations * (lines + FaultRun.LinesPerOrder));
    }

    [Trait("Category", "Slow")]
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task With_a_dead_backend_two_hundred_invocations_of_many_logs_keep_the_extension_small(bool hangs)
    {
        const int megabytes = 128, invocations = 200, lines = 500;
        await using var lambda = await StartAsync(megabytes, isLimited: false);
        await DieAsync(lambda, hangs);
        for (var number = 0; number < invocations; number++)
            CheckRoom(await lambda.InvokeAsync(Flood(number, lines)), megabytes);
        CheckPeak(lambda, megabytes);

        await CheckEndAsync(lambda, invocations * (lines + FaultRun.LinesPerOrder));
    }

    /// <summary>An SDK without batching: one small record per request, far more than fit into memory and files.</summary>
    [Fact]
    public async Task With_a_dead_backend_a_flood_of_small_requests_never_kills_the_function_and_fills_few_files()
    {
        const int megabytes = 128, invocations = 4, requests = 10_000;
        var port = FreePort.Find();
        using var folder = new TemporaryFolder();
        await using var lambda = await StartAsync(
            megabytes, isLimited: true,
            ("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", port), ("TELEMETRY_EXTENSION_SPOOL_DIRECTORY", folder.Path), ("TELEMETRY_EXTENSION_OUTBOX_MAX_BYTES", $"{2 << 20}"));
        await lambda.Backend.PauseAsync(Cancellation);
        using var client = new ReceiverClient(port);
        var body = Payloads.Log(new AnyValue { StringValue = new string('x', 300) });
        var (taken, most) = (0, 0);
        for (var number = 0; number < invocations; number++)
        {
            var left = requests;
            var result = await lambda.InvokeAsync(FaultRun.Order($"{number}", Holds), new InvokeOptions
            {
                WhileRunning = _ => Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
                {
                    while (Interlocked.Decrement(ref left) >= 0)
                        if (await client.PostAsync("/v1/logs", body) == 200)
                            Interlocked.Increment(ref taken);
                }))),
            });
            CheckRoom(result, megabytes);
            most = Math.Max(most, Directory.GetFiles(folder.Path, "*.otlp").Length);
        }

        CheckPeak(lambda, megabytes);
        Assert.InRange(taken, requests, invocations * requests);
        // One file per payload would be about ten thousand.
        Assert.InRange(most, 10, 1000);
        // Requests that got 429 were refused: neither received nor dropped.
        await CheckEndAsync(lambda, taken + (invocations * FaultRun.LinesPerOrder));
    }

    private static string Flood(int number, int lines) => FaultRun.Order($"{number}", $"{Holds},\"logLines\":{lines},\"logBytes\":1000");

    private static async Task<LambdaUnderTest> StartAsync(int megabytes, bool isLimited, params IReadOnlyList<(string Name, string? Value)> environment)
    {
        try
        {
            // Keep the files within what SHUTDOWN can send on a busy machine. More is for other tests.
            return await LambdaUnderTest.StartAsync(
                options => options with { MemorySizeMb = megabytes, LimitMemory = isLimited, Timeout = TimeSpan.FromSeconds(60) },
                [.. environment, ("TELEMETRY_EXTENSION_SPOOL_MAX_BYTES", $"{4 << 20}")]);
        }
        catch (SandboxException reason) when (reason.LacksControlGroup)
        {
            Assert.Skip(reason.Message);
            throw;
        }
    }

    private static async Task DieAsync(LambdaUnderTest lambda, bool hangs)
    {
        if (hangs)
            lambda.Backend.Respond = Faults.Always(Fault.HangBeforeHeaders);
        else
            await lambda.Backend.PauseAsync(Cancellation);
    }

    /// <summary>The function does use its part and is not killed.</summary>
    private static void CheckRoom(InvocationResult result, int megabytes)
    {
        Assert.False(result.OutOfMemory);
        Assert.InRange(result.MaxMemoryUsedMb, 80, megabytes);
    }

    /// <summary>
    /// Buffer and outbox may hold 8 MiB each at 128 MB, and 16 MiB each (by the heap limit) from 256 MB on. The collector needs as much again to move it,
    /// and the process itself 24 MiB, half of it pages of the binary. Measured: 30 to 46 MiB, and 56 to 66 MiB.
    /// </summary>
    private static void CheckPeak(LambdaUnderTest lambda, int megabytes)
    {
        var peak = (Assert.Single(lambda.Sandbox.Extensions).PeakResidentBytes ?? 0) >> 20;
        TestContext.Current.TestOutputHelper?.WriteLine($"{peak} MiB");
        Assert.InRange(peak, 8, megabytes == 128 ? 56 : 74);
    }

    /// <summary>The backend is back at the end: kept data is sent, and the ledger counts every line that was not.</summary>
    private static async Task CheckEndAsync(LambdaUnderTest lambda, long lines)
    {
        lambda.Backend.Respond = null;
        await lambda.Backend.ResumeAsync(Cancellation);
        var outcome = await lambda.EndAsync(mayRepeat: true);
        var logs = outcome.Ledger.Logs;
        Assert.Equal(lines, logs.Received);
        Assert.True(logs.Exported > 0 && logs.DroppedFor("shed") > 0, $"{logs}");
        Assert.Empty(outcome.Ledger.Accounts.SelectMany(account => account.Account.DroppedBy.Keys).Except(Reasons));
        // The buffers' ceilings leave room in the heap, so the excess is shed by them and not because memory runs out.
        Assert.DoesNotContain(outcome.Said, line => line.Contains("emory", StringComparison.Ordinal));
    }
}
