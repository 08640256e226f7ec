using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Trouble;

/// <summary>The extension's wall clock, and nothing else, jumps by hours at every point where a deadline, a back-off or an age counts.</summary>
public sealed class ClockFaultTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(5)]
    [InlineData(-5)]
    public async Task A_clock_that_jumps_by_hours_costs_neither_time_nor_records(int hours)
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { Timeout = TimeSpan.FromSeconds(15) }, (FaultRun.Strategy, "end"), (FaultRun.Budget, "2000"));
        var clock = ClockOf.Process(Assert.Single(lambda.Sandbox.Extensions).Pid!.Value);
        var results = new List<InvocationResult>();

        // During an upload: the first one, which may still use the whole budget.
        lambda.Backend.Respond = Faults.First(1, Fault.Slow(TimeSpan.FromMilliseconds(500)));
        var before = lambda.Backend.Requests.Count;
        var running = lambda.InvokeAsync(FaultRun.Order("uploading"));
        await lambda.Backend.WaitForAsync(backend => backend.Requests.Count > before, TimeSpan.FromSeconds(10), Cancellation);
        clock.Set(TimeSpan.FromHours(hours));
        results.Add(await running);
        Assert.InRange(results[^1].ExtensionOverhead, TimeSpan.FromMilliseconds(300), TimeSpan.FromSeconds(1.9));

        // During the handler. The deadline of the invocation was computed before.
        results.Add(await lambda.InvokeAsync(
            FaultRun.Order("handling", ",\"sleepMs\":100"), new InvokeOptions { WhileRunning = _ => Jump(TimeSpan.Zero) }));
        Assert.InRange(results[^1].ExtensionOverhead, TimeSpan.Zero, TimeSpan.FromSeconds(1));

        // During the back-off. A clock that was set back restarts it once.
        lambda.Backend.Respond = Faults.Always(Fault.Http(503, retryAfter: TimeSpan.FromSeconds(1)));
        results.AddRange(await lambda.OrdersAsync(2));
        clock.Set(TimeSpan.FromHours(hours));
        lambda.Backend.Respond = null;
        for (var waits = 0; waits < 2; waits++)
        {
            results.AddRange(await lambda.OrdersAsync(1));
            await Task.Delay(TimeSpan.FromSeconds(1.1), Cancellation);
        }

        results.AddRange(await lambda.OrdersAsync(1));
        await lambda.Backend.WaitForAsync(
            backend => backend.Spans.Any(span => span.Span.Text("faas.invocation_id") == results[^1].RequestId), TimeSpan.FromSeconds(2), Cancellation);

        // With a flush that only SHUTDOWN can finish, while SHUTDOWN's deadline seems hours away or long over.
        await lambda.Backend.PauseAsync(Cancellation);
        results.AddRange(await lambda.OrdersAsync(2));
        clock.Set(TimeSpan.FromHours(-hours));
        await lambda.Backend.ResumeAsync(Cancellation);
        var outcome = await lambda.EndAsync();

        outcome.CheckAllArrived(results);
        // The clock did jump: these are the times at which the extension received the lines.
        var skews = outcome.Logs.Select(log => Math.Round((Decoded.Time(log.ObservedTimeUnixNano) - Decoded.Time(log.TimeUnixNano)).TotalHours)).ToHashSet();
        Assert.Contains(hours, skews);
        Assert.Contains(0, skews);

        Task Jump(TimeSpan to)
        {
            clock.Set(to);
            return Task.CompletedTask;
        }
    }

    [Theory]
    [InlineData(5)]
    [InlineData(-5)]
    public async Task A_wrong_clock_at_the_end_leaves_time_for_the_account_when_the_runtime_has_used_its_share(int hours)
    {
        // As if the runtime had taken 600 ms of the two seconds, as is possible in the emulator.
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { ShutdownBudget = TimeSpan.FromSeconds(1.4) }, (FaultRun.Strategy, "end"));
        lambda.Backend.Respond = Faults.Always(Fault.HangBeforeHeaders);
        await lambda.OrdersAsync(2);
        ClockOf.Process(Assert.Single(lambda.Sandbox.Extensions).Pid!.Value).Set(TimeSpan.FromHours(hours));

        (await lambda.EndAsync()).CheckNoneArrived(2);
    }

    /// <summary>Less than a function's timeout, so that every deadline seems to be over when it arrives.</summary>
    [Theory]
    [InlineData("end")]
    [InlineData("adaptive")]
    public async Task A_clock_seconds_ahead_costs_no_records(string strategy)
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            options => options with { Timeout = TimeSpan.FromSeconds(3) }, (FaultRun.Strategy, strategy));
        ClockOf.Process(Assert.Single(lambda.Sandbox.Extensions).Pid!.Value).Set(TimeSpan.FromSeconds(5));

        var results = await lambda.OrdersAsync(4);
        Assert.All(results, result => Assert.InRange(result.ExtensionOverhead, TimeSpan.Zero, TimeSpan.FromSeconds(1)));
        await lambda.Backend.PauseAsync(Cancellation);
        results = [.. results, .. await lambda.OrdersAsync(1)];
        await lambda.Backend.ResumeAsync(Cancellation);
        var outcome = await lambda.EndAsync();

        outcome.CheckAllArrived(results);
    }
}
