using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Trouble;

/// <summary>Delays that a backend asks for, in every possible format.</summary>
public sealed class RetryAfterTests
{
    /// <summary>The longest own back-off after a first failure. The delays here are longer.</summary>
    private static readonly TimeSpan OwnBackOff = TimeSpan.FromMilliseconds(500);

    /// <summary>The budget of the first flush, so that the answer arrives in time on a busy machine too.</summary>
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(3);

    [Theory]
    [InlineData("http/protobuf", "429, seconds")]
    [InlineData("http/protobuf", "503, seconds")]
    [InlineData("http/protobuf", "429, date")]
    [InlineData("http/protobuf", "503, date")]
    [InlineData("grpc", "429, seconds")]
    [InlineData("grpc", "503, date")]
    [InlineData("grpc", "UNAVAILABLE")]
    [InlineData("grpc", "RESOURCE_EXHAUSTED")]
    public async Task The_next_request_of_the_signal_comes_no_earlier_than_asked_though_invocations_go_on(string protocol, string form)
    {
        await using var lambda = await StartAsync(protocol);
        ReceivedRequest? asked = null;
        DateTimeOffset until = default;
        lambda.Backend.Respond = Faults.On(OtlpSignal.Logs, request =>
        {
            if (Interlocked.CompareExchange(ref asked, request, null) is not null)
                return Fault.None;
            (until, var fault) = Ask(form, request.Time);
            return fault;
        });
        var results = await lambda.OrdersUntilArrivedAsync(await lambda.OrdersAsync(1, heldAtMost: 2 * Budget));
        // On a busy machine a request may be cut off as it arrives, and is sent again under its id.
        var outcome = await lambda.EndAsync(mayRepeat: true);

        var requests = lambda.Backend.Requests;
        var next = requests.First(request => request.Signal == OtlpSignal.Logs && request.Number > asked!.Number);
        Assert.True(next.Time >= until, $"asked at {asked!.Time:O} to wait until {until:O}, came at {next.Time:O}");
        // There were flushes after the own back-off, so only the backend's delay kept the logs back.
        Assert.Contains(requests, request => request.Signal == OtlpSignal.Traces && request.Time > asked.Time + OwnBackOff && request.Time < until);
        outcome.CheckAllArrived(results, mayRepeat: true);
        lambda.CheckOncePerBatch(outcome);
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task What_is_asked_for_holds_at_SHUTDOWN_too_and_the_records_are_kept_as_dead_letters(string protocol)
    {
        await using var lambda = await StartAsync(protocol);
        var wait = TimeSpan.FromMinutes(1);
        lambda.Backend.Respond = Faults.On(OtlpSignal.Logs, Faults.First(1, protocol == "grpc" ? Fault.Grpc(GrpcStatus.Unavailable, "later", wait) : Fault.Http(503, retryAfter: wait)));
        await lambda.OrdersAsync(3, heldAtMost: 2 * Budget);
        var outcome = await lambda.EndAsync();

        Assert.Single(lambda.Backend.Requests, request => request.Signal == OtlpSignal.Logs);
        Assert.Equal((3 * FaultRun.LinesPerOrder, 3 * FaultRun.LinesPerOrder), (outcome.Ledger.Logs.Received, outcome.Ledger.Logs.DeadLettered));
    }

    /// <summary>
    /// Without a delay the refusal is final. When it is about the message's size, halves are sent, down to single records, and never the same again. For
    /// any other reason nothing is retried, and the records become dead letters.
    /// </summary>
    [Theory]
    [InlineData("grpc: received message larger than max (5000 vs. 4000)", true)]
    [InlineData("quota exceeded", false)]
    public async Task RESOURCE_EXHAUSTED_without_a_time_is_final(string said, bool isSize)
    {
        await using var lambda = await StartAsync("grpc");
        lambda.Backend.Respond = Faults.On(OtlpSignal.Logs, Faults.Always(Fault.Grpc(GrpcStatus.ResourceExhausted, said)));
        var refused = await lambda.OrdersAsync(1, heldAtMost: 2 * Budget);
        var bodies = lambda.Backend.Requests.Where(request => request.Signal == OtlpSignal.Logs).Select(request => Convert.ToBase64String(request.Body.Span)).ToList();
        lambda.Backend.Respond = null;
        var results = await lambda.OrdersUntilArrivedAsync(await lambda.OrdersAsync(3));
        var outcome = await lambda.EndAsync();

        Assert.Equal(bodies.Distinct(), bodies);
        Assert.InRange(bodies.Count, isSize ? 2 : 1, isSize ? int.MaxValue : 1);
        Assert.Empty(outcome.LogsOf(refused[0].RequestId));
        Assert.All(results, result => Assert.Equal(FaultRun.LinesPerOrder, outcome.LogsOf(result.RequestId).Count));
        var (dropped, deadLettered) = isSize ? (FaultRun.LinesPerOrder, 0) : (0, FaultRun.LinesPerOrder);
        var logs = outcome.Ledger.Logs;
        Assert.Equal((dropped, dropped, deadLettered), (logs.DroppedFor("refused"), logs.Dropped, logs.DeadLettered));
    }

    private static (DateTimeOffset Until, Fault Fault) Ask(string form, DateTimeOffset now)
    {
        var wait = TimeSpan.FromSeconds(3);
        // A date has whole seconds, so this one is two to three seconds away.
        var date = DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds() + 3);
        var status = form.StartsWith("429", StringComparison.Ordinal) ? 429 : 503;
        return form switch
        {
            "UNAVAILABLE" => (now + wait, Fault.Grpc(GrpcStatus.Unavailable, "later", wait)),
            "RESOURCE_EXHAUSTED" => (now + wait, Fault.Grpc(GrpcStatus.ResourceExhausted, "slow down", wait)),
            _ when form.EndsWith("date", StringComparison.Ordinal) => (date, Fault.Http(status, retryAt: date)),
            _ => (now + wait, Fault.Http(status, retryAfter: wait)),
        };
    }

    private static Task<LambdaUnderTest> StartAsync(string protocol) => LambdaUnderTest.StartAsync(
        options => options with { Timeout = TimeSpan.FromSeconds(10) },
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), (FaultRun.Strategy, "end"), (FaultRun.Budget, $"{Budget.TotalMilliseconds}"));
}
