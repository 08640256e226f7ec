using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Trouble;

/// <summary>Alone on the machine: two seconds are what Lambda gives, and other tests would take their share of them.</summary>
[Collection(nameof(FullBuffersTests))]
[CollectionDefinition(nameof(FullBuffersTests), DisableParallelization = true)]
public sealed class FullBuffersTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

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

        var sent = lambda.Backend.Requests.Sum(request => request.Body.Length);
        Assert.True(sent > 16 << 20, $"{sent} bytes in {lambda.Backend.Requests.Count} requests: {outcome.Ledger.Logs}");
        outcome.CheckAllArrived(results, FaultRun.LinesPerOrder + 1000);
    }
}
