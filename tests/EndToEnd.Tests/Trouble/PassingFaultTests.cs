using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Trouble;

/// <summary>
/// Temporary faults: whatever the backend did meanwhile, everything arrives once afterwards. Delays that a backend asks for: <see cref="RetryAfterTests"/>.
/// </summary>
public sealed class PassingFaultTests
{
    private static Dictionary<string, Fault> Troubles => new()
    {
        ["reset"] = Fault.Reset,
        ["hang"] = Fault.HangBeforeHeaders,
        ["hang in the body"] = Fault.HangMidBody,
        ["hang in the body, but taken"] = Fault.HangMidBody.ButTaken(),
        ["429"] = Fault.Http(429, retryAfter: TimeSpan.FromSeconds(1)),
        ["503"] = Fault.Http(503, retryAfter: TimeSpan.FromSeconds(1)),
        ["slow"] = Fault.Slow(TimeSpan.FromSeconds(2)),
        ["goaway"] = Fault.GoAway(),
        ["goaway after the answer"] = Fault.LastOnConnection,
        ["rst_stream"] = Fault.ResetStream(),
        ["rst_stream internal"] = Fault.ResetStream(2),
        ["unavailable"] = Fault.Grpc(14, "later", TimeSpan.FromMilliseconds(200)),
        ["exhausted"] = Fault.Grpc(8, "slow down", TimeSpan.FromMilliseconds(200)),
    };

    [Theory]
    [InlineData("http/protobuf", "reset")]
    [InlineData("http/protobuf", "hang")]
    [InlineData("http/protobuf", "hang in the body, but taken")]
    [InlineData("http/protobuf", "429")]
    [InlineData("http/protobuf", "503")]
    [InlineData("http/protobuf", "slow")]
    [InlineData("grpc", "reset")]
    [InlineData("grpc", "hang")]
    [InlineData("grpc", "hang in the body")]
    [InlineData("grpc", "hang in the body, but taken")]
    [InlineData("grpc", "429")]
    [InlineData("grpc", "503")]
    [InlineData("grpc", "slow")]
    [InlineData("grpc", "goaway")]
    [InlineData("grpc", "goaway after the answer")]
    [InlineData("grpc", "rst_stream")]
    [InlineData("grpc", "rst_stream internal")]
    [InlineData("grpc", "unavailable")]
    [InlineData("grpc", "exhausted")]
    public async Task A_temporary_fault_costs_the_budget_and_no_data(string protocol, string trouble)
    {
        await using var lambda = await StartAsync(protocol, (FaultRun.Strategy, "end"));
        var (met, fault) = (0, Troubles[trouble]);
        lambda.Backend.Respond = _ => Interlocked.Increment(ref met) <= 2 ? fault : Fault.None;
        var results = await lambda.OrdersUntilArrivedAsync(await lambda.OrdersAsync(4));
        // A connection with several streams loses the answers of its other streams too. And over gRPC only the trailers after the body acknowledge the
        // data. Those requests are sent twice, under the same batch id.
        var mayRepeat = protocol == "grpc" && trouble is ("goaway" or "reset" or "hang in the body, but taken");
        var outcome = await lambda.EndAsync(mayRepeat: mayRepeat);

        Assert.True(met > 2, "no request hit the fault");
        lambda.CheckOncePerBatch(outcome);
        outcome.CheckAllArrived(results, mayRepeat: mayRepeat);
    }

    [Fact]
    public async Task A_backend_that_takes_one_request_at_a_time_on_a_connection_receives_everything()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            new OtlpBackendOptions { MaxStreamsPerConnection = 1 }, null, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), (FaultRun.Strategy, "end"));
        lambda.Backend.Respond = Faults.Always(Fault.Slow(TimeSpan.FromMilliseconds(20)));
        var results = await lambda.OrdersAsync(4);
        // Three round trips one after the other may exceed what the budget has learned. What is cut off is sent again under the same batch id.
        var outcome = await lambda.EndAsync(mayRepeat: true);

        lambda.CheckOncePerBatch(outcome);
        outcome.CheckAllArrived(results, mayRepeat: true);
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task A_backend_that_needs_two_seconds_receives_everything_within_a_larger_budget(string protocol)
    {
        await using var lambda = await StartAsync(protocol, (FaultRun.Strategy, "end"), (FaultRun.Budget, "5000"));
        lambda.Backend.Respond = Faults.First(2, Fault.Slow(TimeSpan.FromSeconds(2)));
        var results = await lambda.OrdersAsync(1, heldAtMost: TimeSpan.FromSeconds(4));
        (await lambda.EndAsync()).CheckAllArrived(results);
    }

    /// <summary>The status acknowledges the data, so nothing waits for the rest of the answer.</summary>
    [Fact]
    public async Task A_backend_whose_answers_always_hang_in_the_body_receives_everything_and_stops_delaying_invocations()
    {
        await using var lambda = await StartAsync("http/protobuf", (FaultRun.Strategy, "end"), (FaultRun.Budget, "1000"));
        lambda.Backend.Respond = Faults.Always(Troubles["hang in the body, but taken"]);
        var results = await lambda.OrdersAsync(10, heldAtMost: TimeSpan.FromSeconds(2));
        (await lambda.EndAsync()).CheckAllArrived(results);
        var held = TimeSpan.FromTicks(results.Skip(4).Sum(result => result.ExtensionOverhead.Ticks) / 6);
        Assert.True(held < TimeSpan.FromMilliseconds(250), $"still delayed by {held} on average");
    }

    [Fact]
    public async Task A_backend_down_for_a_hundred_invocations_receives_all_of_them_afterwards()
    {
        await using var lambda = await StartAsync("http/protobuf", Recovery.EverySecond);
        await lambda.Backend.PauseAsync(TestContext.Current.CancellationToken);
        var missed = await lambda.OrdersAsync(100);
        Assert.Empty(lambda.Backend.Requests);
        await lambda.Backend.ResumeAsync(TestContext.Current.CancellationToken);
        var results = await lambda.OrdersUntilArrivedAsync(missed);
        (await lambda.EndAsync()).CheckAllArrived(results);
    }

    [Fact]
    public async Task A_backend_down_until_SHUTDOWN_receives_everything_then()
    {
        await using var lambda = await StartAsync("http/protobuf", (FaultRun.Strategy, "end"));
        await lambda.Backend.PauseAsync(TestContext.Current.CancellationToken);
        var results = await lambda.OrdersAsync(10);
        await lambda.Backend.ResumeAsync(TestContext.Current.CancellationToken);
        (await lambda.EndAsync()).CheckAllArrived(results);
    }

    private static Task<LambdaUnderTest> StartAsync(string protocol, params IReadOnlyList<(string Name, string? Value)> environment) =>
        LambdaUnderTest.StartAsync(
            options => options with { Timeout = TimeSpan.FromSeconds(10) }, [("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), .. environment]);
}
