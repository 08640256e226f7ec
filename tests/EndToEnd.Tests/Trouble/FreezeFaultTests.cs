using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Trouble;

public sealed class FreezeFaultTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Both at the same time: a frozen environment costs nobody anything.</summary>
    [Fact]
    public async Task A_freeze_of_half_a_minute_in_the_middle_of_an_upload_loses_nothing() =>
        await Task.WhenAll(FreezeAsync(connectionDies: true), FreezeAsync(connectionDies: false));

    private static async Task FreezeAsync(bool connectionDies)
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { Timeout = TimeSpan.FromSeconds(60) }, (FaultRun.Strategy, "end"), (FaultRun.Budget, "2000"));
        var warm = await lambda.OrdersAsync(1);
        lambda.Backend.Respond = Faults.First(1, Fault.Slow(TimeSpan.FromMilliseconds(500)));
        var before = lambda.Backend.Requests.Count;
        var running = lambda.InvokeAsync(FaultRun.Order("frozen"));
        await lambda.Backend.WaitForAsync(backend => backend.Requests.Count > before, TimeSpan.FromSeconds(10), Cancellation);
        var frozen = lambda.Sandbox.FreezeForAsync(TimeSpan.FromSeconds(30), Cancellation);
        if (connectionDies)
        {
            await lambda.Backend.PauseAsync(Cancellation);
            await lambda.Backend.ResumeAsync(Cancellation);
        }

        await frozen;
        var result = await running;
        var outcome = await lambda.EndAsync();

        // The freeze itself is no time of ours, but it counts as overhead for whoever looks from outside.
        Assert.InRange(result.ExtensionOverhead, TimeSpan.FromSeconds(29.5), TimeSpan.FromSeconds(32));
        outcome.CheckAllArrived([.. warm, result]);
    }

    [Fact]
    public async Task A_thousand_freezes_in_the_middle_of_whatever_lose_nothing()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(options => options with { Timeout = TimeSpan.FromSeconds(60) });
        var results = new List<InvocationResult>();
        for (var number = 0; number < 20; number++)
            results.Add(await lambda.InvokeAsync(FaultRun.Order($"{number}", ",\"logLines\":20,\"logBytes\":50,\"sleepMs\":20"), new InvokeOptions
            {
                WhileRunning = async _ =>
                {
                    for (var freeze = 0; freeze < 50; freeze++)
                    {
                        await lambda.Sandbox.FreezeForAsync(TimeSpan.FromMilliseconds(1), Cancellation);
                        await Task.Delay(1, Cancellation);
                    }
                },
            }));
        (await lambda.EndAsync()).CheckAllArrived(results, FaultRun.LinesPerOrder + 20);
    }

    [Fact]
    public async Task A_connection_that_the_backend_closed_during_a_freeze_costs_nothing()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(null, (FaultRun.Strategy, "end"));
        var results = new List<InvocationResult>();
        for (var number = 0; number < 10; number++)
        {
            results.Add(await lambda.InvokeAsync(FaultRun.Order($"{number}")));
            await lambda.Backend.PauseAsync(Cancellation);
            await lambda.Backend.ResumeAsync(Cancellation);
        }

        var outcome = await lambda.EndAsync();
        outcome.CheckAllArrived(results);
        Assert.Empty(outcome.Said);
    }
}
