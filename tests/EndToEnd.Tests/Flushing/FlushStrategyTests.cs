using EndToEnd.Tests.Trouble;
using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Flushing;

public sealed class FlushStrategyTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task When_nothing_is_due_an_invocation_gains_next_to_nothing()
    {
        // Side by side, so that a busy machine slows both: a flush costs a round trip of 30 ms on top of the wait for runtimeDone.
        await using var end = await StartAsync("end");
        await using var deferred = await StartAsync("continuous", ("TELEMETRY_EXTENSION_FLUSH_INTERVAL", "3600"));
        end.Backend.Respond = deferred.Backend.Respond = Faults.Always(Fault.Slow(TimeSpan.FromMilliseconds(30)));
        var (withFlush, without, results) = (new List<double>(), new List<double>(), new List<InvocationResult>());
        // The first three are flushed at their end, whatever the strategy; the fourth carries their leftovers.
        for (var number = 0; number < 24; number++)
        {
            var flushed = await end.InvokeAsync(FaultRun.Order($"{number}"));
            results.Add(await deferred.InvokeAsync(FaultRun.Order($"{number}")));
            if (number < 4)
                continue;
            withFlush.Add(flushed.ExtensionOverhead.TotalMilliseconds);
            without.Add(results[^1].ExtensionOverhead.TotalMilliseconds);
        }

        await end.EndAsync();
        (await deferred.EndAsync()).CheckAllArrived(results);
        var (median, medianOfEnd) = (without.Order().ElementAt(without.Count / 2), withFlush.Order().ElementAt(withFlush.Count / 2));
        Assert.True(medianOfEnd > 30, $"`end` took {medianOfEnd} ms: no flush was waited for");
        Assert.True(median < medianOfEnd / 10, $"deferred {median} ms, end {medianOfEnd} ms");
    }

    [Fact]
    public async Task Adaptive_flushes_the_first_at_their_end_and_defers_once_invocations_come_fast()
    {
        await using var lambda = await StartAsync("adaptive");
        var results = new List<InvocationResult>();
        var requests = new List<int>();
        for (var number = 0; number < 30; number++)
        {
            results.Add(await lambda.InvokeAsync(FaultRun.Order($"{number}")));
            requests.Add(lambda.Backend.Requests.Count);
        }

        (await lambda.EndAsync()).CheckAllArrived(results);
        Assert.True(requests[0] > 0 && requests[1] > requests[0] && requests[2] > requests[1], string.Join(' ', requests));
        Assert.Equal(requests[10], requests[^1]);
        Assert.True(Median(results[10..]) < Median(results[..3]) / 3, string.Join(' ', results.Select(result => result.ExtensionOverhead.TotalMilliseconds)));
    }

    [Theory]
    [InlineData("adaptive")]
    [InlineData("periodic")]
    [InlineData("continuous")]
    public async Task An_error_is_at_the_backend_by_the_end_of_the_next_invocation_however_much_is_deferred(string strategy)
    {
        await using var lambda = await StartAsync(strategy, ("TELEMETRY_EXTENSION_FLUSH_INTERVAL", "3600"));
        var results = new List<InvocationResult>(await lambda.OrdersAsync(12));
        var failed = await lambda.InvokeToErrorAsync("""{"order":{"id":"bad","fail":true}}""", "Function.PaymentDeclined");
        // Deferred, its end may be handed over only with the next INVOKE: then it is flushed beside that handler.
        results.Add(await lambda.InvokeAsync(FaultRun.Order("next", ",\"sleepMs\":300")));
        Assert.Contains(lambda.Backend.Spans, received => received.Span.Text("faas.invocation_id") == failed.RequestId && received.Span.IsError());
        var outcome = await lambda.EndAsync();

        outcome.CheckAllArrived(results);
    }

    [Theory]
    [InlineData("end")]
    [InlineData("adaptive")]
    public async Task A_long_invocation_is_flushed_in_the_middle(string strategy)
    {
        await using var lambda = await StartAsync(strategy, ("TELEMETRY_EXTENSION_FLUSH_INTERVAL", "1"));
        var before = await lambda.OrdersAsync(10);
        var known = lambda.Backend.LogRecords.Count;
        var result = await lambda.InvokeAsync(FaultRun.Order("long", ",\"logLines\":5,\"logBytes\":20,\"sleepMs\":3500"), new InvokeOptions
        {
            // The handler is held until its own lines are at the backend.
            WhileRunning = running => lambda.Backend.WaitForAsync(
                backend => backend.LogRecords.Skip(known).Count(received => received.LogRecord.Text("faas.invocation_id") == running.RequestId) >= 5,
                TimeSpan.FromSeconds(3.2), Cancellation),
        });
        var outcome = await lambda.EndAsync();

        outcome.CheckAllArrived(before);
        outcome.CheckAllArrived([result], FaultRun.LinesPerOrder + 5);
    }

    private static double Median(IEnumerable<InvocationResult> results)
    {
        var sorted = results.Select(result => result.ExtensionOverhead.TotalMilliseconds).Order().ToList();
        return sorted[sorted.Count / 2];
    }

    private static Task<LambdaUnderTest> StartAsync(string strategy, params IReadOnlyList<(string Name, string? Value)> environment) =>
        LambdaUnderTest.StartAsync(options => options with { Timeout = TimeSpan.FromSeconds(10) }, [(FaultRun.Strategy, strategy), .. environment]);
}
