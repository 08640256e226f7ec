using LambdaSandbox.Tests.Testing;

namespace LambdaSandbox.Tests.Processes;

/// <summary>Freezes that the caller imposes during anything that the environment does.</summary>
public sealed class FreezeTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromMilliseconds(300);

    private readonly Packages packages = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => packages.Dispose();

    [Fact]
    public async Task FreezeFor_InTheMiddleOfAnInvocation_StopsEverybodyThatLong()
    {
        await using var lambda = await Sandbox.StartAsync(packages.Options, Cancellation);
        await lambda.InvokeAsync("{}", Cancellation);
        var before = lambda.Extensions[0].StoppedFor;
        var result = await lambda.InvokeAsync("{}", new InvokeOptions { WhileRunning = _ => lambda.FreezeForAsync(Long, Cancellation) }, Cancellation);
        Assert.True(result.Succeeded);
        Assert.True(lambda.Extensions[0].StoppedFor - before > Long - TimeSpan.FromMilliseconds(10));
    }

    [Fact]
    public async Task FreezeFor_LongerThanTheTimeout_IsNotCounted()
    {
        await using var lambda = await Sandbox.StartAsync(packages.Options with { Timeout = TimeSpan.FromSeconds(1) }, Cancellation);
        var result = await lambda.InvokeAsync(
            "{}", new InvokeOptions { WhileRunning = _ => lambda.FreezeForAsync(TimeSpan.FromSeconds(1.5), Cancellation) }, Cancellation);
        Assert.True(result.Succeeded, $"{result}");

        // Time outside the freeze counts.
        var late = await lambda.InvokeAsync("{\"do\":\"sleep\"}", new InvokeOptions { WhileRunning = _ => lambda.FreezeForAsync(Long, Cancellation) }, Cancellation);
        Assert.Equal("timeout", late.Status);
    }

    [Fact]
    public async Task FreezeFor_BetweenInvocations_HoldsTheNextOneUp()
    {
        await using var lambda = await Sandbox.StartAsync(packages.Options, Cancellation);
        await lambda.InvokeAsync("{}", Cancellation);
        var freezing = lambda.FreezeForAsync(Long, Cancellation);
        var result = await lambda.InvokeAsync("{}", Cancellation);
        Assert.True(freezing.IsCompleted);
        Assert.All(result.Frozen, process => Assert.True(process.StoppedFor > Long - TimeSpan.FromMilliseconds(10), $"{process}"));
    }

    [Fact]
    public async Task FreezeWhile_Shutdown_StopsLiveProcessesWithoutCostingTheirTime()
    {
        await using var lambda = await Sandbox.StartAsync(packages.Options with { ShutdownBudget = TimeSpan.FromSeconds(1) }, Cancellation);
        await lambda.InvokeAsync("{}", Cancellation);
        // The runtime ends first, so it must have been continued, stopped again and continued again.
        var freezes = Task.Run(async () =>
        {
            var alive = 0;
            while (lambda.Extensions[0].ExitCode is null)
            {
                await lambda.FreezeWhileAsync(
                    () =>
                    {
                        alive += lambda.Extensions[0].ExitCode is null ? 1 : 0;
                        return Task.Delay(Long, Cancellation);
                    },
                    Cancellation);
                await Task.Delay(1, Cancellation);
            }

            return alive;
        }, Cancellation);
        var end = await lambda.ShutdownAsync(cancellation: Cancellation);

        Assert.True(await freezes > 1, "it ended before a freeze hit it");
        Assert.False(end.Runtime!.WasKilled);
        Assert.False(end.KillNeeded);
        Assert.True(end.Drained);
    }
}
