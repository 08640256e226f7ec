using EndToEnd.Tests.Trouble;
using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Flushing;

public sealed class FlushStrategyTests
{
    /// <summary>The duration of the handler, long enough that Next precedes its end on a busy machine too.</summary>
    private const string Handler = ",\"sleepMs\":50";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("periodic")]
    [InlineData("continuous")]
    public async Task When_nothing_is_due_Next_was_called_before_the_runtime_was_done(string strategy)
    {
        await using var lambda = await StartAsync(strategy, ("TELEMETRY_EXTENSION_FLUSH_INTERVAL", "3600"));
        var roundTrip = TimeSpan.FromMilliseconds(30);
        lambda.Backend.Respond = Faults.Always(Fault.Slow(roundTrip));
        // Every strategy flushes the first three at their end. The fourth sends their rest.
        var flushed = await lambda.OrdersAsync(3, Handler);
        var next = await lambda.OrdersAsync(1, Handler);
        var requests = lambda.Backend.Requests.Count;
        var deferred = await lambda.OrdersAsync(20, Handler);

        Assert.Equal(requests, lambda.Backend.Requests.Count);
        (await lambda.EndAsync()).CheckAllArrived([.. flushed, .. next, .. deferred]);
        Assert.All(flushed, result => Assert.True(result.ExtensionOverhead > roundTrip, $"held for {result.ExtensionOverhead}: no invocation waited for a flush"));
        CheckHeldNone(deferred);
    }

    [Fact]
    public async Task Adaptive_flushes_the_first_at_their_end_and_defers_once_invocations_come_fast()
    {
        await using var lambda = await StartAsync("adaptive");
        var results = new List<InvocationResult>();
        var requests = new List<int>();
        for (var number = 0; number < 30; number++)
        {
            results.Add(await lambda.InvokeAsync(FaultRun.Order($"{number}", Handler)));
            requests.Add(lambda.Backend.Requests.Count);
        }

        (await lambda.EndAsync()).CheckAllArrived(results);
        Assert.True(requests[0] > 0 && requests[1] > requests[0] && requests[2] > requests[1], string.Join(' ', requests));
        Assert.Equal(requests[10], requests[^1]);
        Assert.All(results[..3], result => Assert.True(result.ExtensionOverhead > TimeSpan.Zero, "no invocation waited for a flush"));
        CheckHeldNone(results[10..]);
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
        // The end of a deferred invocation may be delivered only with the next INVOKE. It is then flushed beside that handler.
        results.Add(await lambda.InvokeAsync(FaultRun.Order("next", ",\"sleepMs\":300")));
        Assert.Contains(lambda.Backend.Spans, received => received.Span.Text("faas.invocation_id") == failed.RequestId && received.Span.IsError());
        var outcome = await lambda.EndAsync();

        outcome.CheckAllArrived(results);
    }

    [Theory]
    [InlineData("end")]
    [InlineData("adaptive")]
    [InlineData("periodic")]
    [InlineData("continuous")]
    public async Task A_long_invocation_is_flushed_in_the_middle(string strategy)
    {
        await using var lambda = await StartAsync(strategy, ("TELEMETRY_EXTENSION_FLUSH_INTERVAL", "1"));
        var before = await lambda.OrdersAsync(10);
        var known = lambda.Backend.LogRecords.Count;
        var result = await lambda.InvokeAsync(FaultRun.Order("long", ",\"logLines\":5,\"logBytes\":20,\"sleepMs\":3500"), new InvokeOptions
        {
            // The handler waits until its own lines are at the backend.
            WhileRunning = running => lambda.Backend.WaitForAsync(
                backend => backend.LogRecords.Skip(known).Count(received => received.LogRecord.Text("faas.invocation_id") == running.RequestId) >= 5,
                TimeSpan.FromSeconds(3.2), Cancellation),
        });
        var outcome = await lambda.EndAsync();

        outcome.CheckAllArrived(before);
        outcome.CheckAllArrived([result], FaultRun.LinesPerOrder + 5);
    }

    /// <summary>
    /// The platform counts no added millisecond: the overhead is the time from the runtime's Next to the extension's, and the extension's came first.
    /// </summary>
    private static void CheckHeldNone(IReadOnlyList<InvocationResult> results)
    {
        var held = results.Where(result => result.ExtensionOverhead > TimeSpan.Zero).ToList();
        // The machine causes a few milliseconds, because it may give the process no CPU for as long as a handler takes.
        Assert.True(held.Count <= results.Count / 10, $"{held.Count} of {results.Count} were held: {string.Join(' ', held.Select(result => result.ExtensionOverhead.TotalMilliseconds))}");
    }

    private static Task<LambdaUnderTest> StartAsync(string strategy, params IReadOnlyList<(string Name, string? Value)> environment) =>
        LambdaUnderTest.StartAsync(options => options with { Timeout = TimeSpan.FromSeconds(10) }, [(FaultRun.Strategy, strategy), .. environment]);
}
