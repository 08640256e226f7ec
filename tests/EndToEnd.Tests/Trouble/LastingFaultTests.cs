using System.Text;
using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.Trouble;

/// <summary>Final refusals: they cost only the refused records, which are counted and named.</summary>
public sealed class LastingFaultTests
{
    [Theory]
    [InlineData("http/protobuf", 401)]
    [InlineData("http/protobuf", 404)]
    [InlineData("http/protobuf", 500)]
    [InlineData("grpc", 13)]
    [InlineData("grpc", 16)]
    public async Task A_final_error_unrelated_to_the_payload_is_not_retried_and_makes_dead_letters(string protocol, int code)
    {
        await using var lambda = await LambdaUnderTest.StartAsync(null, ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), (FaultRun.Strategy, "end"));
        lambda.Backend.Respond = Faults.Always(protocol == "grpc" ? Fault.Grpc(code, "broken") : Fault.Http(code, "broken"));
        await lambda.OrdersAsync(3);
        var outcome = await lambda.EndAsync();

        outcome.CheckNoneArrived(3);
        var batches = lambda.Backend.Requests.Select(request => request.Headers[FaultRun.BatchId]).ToList();
        Assert.Equal(batches.Distinct().Count(), batches.Count);
        foreach (var signal in new[] { "logs", "traces", "metrics" })
            outcome.Line($"refused {signal}");
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task One_signal_that_is_down_keeps_no_other_from_arriving(string protocol)
    {
        await using var lambda = await LambdaUnderTest.StartAsync(null, ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), (FaultRun.Strategy, "end"));
        lambda.Backend.Respond = Faults.On(OtlpSignal.Metrics, Faults.Always(protocol == "grpc" ? Fault.Grpc(14) : Fault.Http(503)));
        var results = await lambda.OrdersAsync(6);
        var before = lambda.Backend.LogRecords.Count;
        var outcome = await lambda.EndAsync();

        Assert.Equal(6 * FaultRun.LinesPerOrder, before);
        foreach (var account in new[] { outcome.Ledger.Logs, outcome.Ledger.Traces })
            Assert.True(account.Received > 0 && account.Received == account.Exported, $"{account}");
        Assert.Equal(outcome.Ledger.Metrics.Received, outcome.Ledger.Metrics.DeadLettered);
        Assert.All(results, result => outcome.Invocation(result));
    }

    [Fact]
    public async Task The_first_flush_sends_the_signals_side_by_side()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(null, (FaultRun.Strategy, "end"), (FaultRun.Budget, "2000"));
        lambda.Backend.Respond = Faults.Always(Fault.Slow(TimeSpan.FromMilliseconds(20)));
        var result = await lambda.InvokeAsync(FaultRun.Order("1"));
        var requests = lambda.Backend.Requests.ToList();
        Assert.Equal(3, requests.Select(request => request.Signal).Distinct().Count());
        Assert.Equal(3, requests.Select(request => request.ConnectionId).Distinct().Count());
        (await lambda.EndAsync()).CheckAllArrived([result]);
    }

    /// <param name="poison">Whether the poison is in every line of the one order, or in its first.</param>
    [Theory]
    [InlineData("http/protobuf", "poison", FaultRun.LinesPerOrder)]
    [InlineData("http/protobuf", "received order poison", 1)]
    [InlineData("grpc", "poison", FaultRun.LinesPerOrder)]
    [InlineData("grpc", "received order poison", 1)]
    public async Task One_poisoned_payload_among_good_ones_costs_only_its_own_records(string protocol, string poison, int records)
    {
        await using var lambda = await LambdaUnderTest.StartAsync(null, ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), (FaultRun.Strategy, "end"));
        // The backend is unreachable at first, so that they are merged into one request.
        await lambda.Backend.PauseAsync(TestContext.Current.CancellationToken);
        var results = new List<InvocationResult>();
        for (var number = 0; number < 5; number++)
            results.Add(await lambda.InvokeAsync(FaultRun.Order(number == 2 ? "poison" : $"{number}")));
        lambda.Backend.Respond = Faults.On(OtlpSignal.Logs, Faults.RefuseContaining(poison));
        await lambda.Backend.ResumeAsync(TestContext.Current.CancellationToken);
        var outcome = await lambda.EndAsync();

        var logs = outcome.Ledger.Logs;
        Assert.Equal((5 * FaultRun.LinesPerOrder, (5 * FaultRun.LinesPerOrder) - records), (logs.Received, logs.Exported));
        Assert.Equal((records, records), (logs.DroppedFor("refused"), logs.Dropped));
        Assert.All(results, (result, number) => Assert.Equal(FaultRun.LinesPerOrder - (number == 2 ? records : 0), outcome.LogsOf(result.RequestId).Count));
        Assert.Contains(lambda.Backend.Requests, request => request.Signal == OtlpSignal.Logs && request.ItemCount >= 4 * FaultRun.LinesPerOrder);
        Assert.Equal(0, outcome.Ledger.Traces.Dropped + outcome.Ledger.Traces.DeadLettered);
    }

    [Fact]
    public async Task Requests_that_are_too_large_are_cut_until_they_fit()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(null, (FaultRun.Strategy, "end"));
        lambda.Backend.Respond = request => request.Body.Length > 40_000 ? Fault.Http(413, "too large") : Fault.None;
        var results = await lambda.OrdersAsync(2, ",\"logLines\":600,\"logBytes\":300");
        var outcome = await lambda.EndAsync();

        Assert.Contains(lambda.Backend.Requests, request => request.HttpStatus == 413);
        outcome.CheckAllArrived(results, FaultRun.LinesPerOrder + 600);
    }

    [Fact]
    public async Task A_single_record_that_is_too_large_is_refused_alone()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(null, (FaultRun.Strategy, "end"));
        lambda.Backend.Respond = request => request.Body.Length > 40_000 ? Fault.Http(413, "too large") : Fault.None;
        await lambda.OrdersAsync(1, ",\"logLines\":1,\"logBytes\":60000");
        var outcome = await lambda.EndAsync();

        Assert.Equal((FaultRun.LinesPerOrder, 1), (outcome.Ledger.Logs.Exported, outcome.Ledger.Logs.Dropped + outcome.Ledger.Logs.DeadLettered));
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task What_a_partial_success_rejects_is_counted_and_never_sent_again(string protocol)
    {
        await using var lambda = await LambdaUnderTest.StartAsync(null, ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), (FaultRun.Strategy, "end"));
        lambda.Backend.Respond = Faults.On(OtlpSignal.Logs, Faults.First(1, Fault.PartialSuccess(2, "too old")));
        await lambda.OrdersAsync(3);
        var outcome = await lambda.EndAsync();

        Assert.Equal(
            (7, 2, 0), (outcome.Ledger.Logs.Exported, outcome.Ledger.Logs.Rejected, outcome.Ledger.Logs.Dropped + outcome.Ledger.Logs.DeadLettered));
        Assert.Contains("too old", outcome.Line("rejected"), StringComparison.Ordinal);
        Assert.Equal(9, lambda.Backend.Requests.Where(request => request.Signal == OtlpSignal.Logs).Sum(request => request.ItemCount));
    }

    [Theory]
    [InlineData("refused", "ConnectionRefused")]
    [InlineData("no such name", "NameResolutionError")]
    public async Task An_unreachable_backend_is_logged_once_with_the_cause_and_costs_only_the_telemetry(string trouble, string cause)
    {
        using var refusing = new RefusingEndpoint();
        var endpoint = trouble == "refused" ? refusing.Url : "http://collector.invalid:4318";
        await using var lambda = await LambdaUnderTest.StartAsync(null, (FaultRun.Strategy, "end"), ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint));
        await lambda.OrdersAsync(6);
        var outcome = await lambda.EndAsync();

        outcome.CheckNoneArrived(6);
        // There is one line per destination, whatever the signal.
        Assert.Contains(cause, Assert.Single(outcome.Said), StringComparison.Ordinal);
        Assert.Contains(endpoint, outcome.Said[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_TLS_handshake_that_hangs_costs_only_the_telemetry()
    {
        await using var hanging = new HangingEndpoint();
        await using var lambda = await LambdaUnderTest.StartAsync(
            null, (FaultRun.Strategy, "end"), ("OTEL_EXPORTER_OTLP_ENDPOINT", hanging.Url.Replace("http:", "https:", StringComparison.Ordinal)));
        await lambda.OrdersAsync(6);
        (await lambda.EndAsync()).CheckNoneArrived(6);
        Assert.True(hanging.BytesReceived > 0, "no handshake began");
    }

    [Fact]
    public async Task An_answer_that_is_neither_OTLP_nor_a_web_page_counts_by_its_status()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(null, (FaultRun.Strategy, "end"));
        lambda.Backend.Respond = Faults.Always(Fault.Http(200, body: Encoding.UTF8.GetBytes("OK, thanks")).ButTaken());
        var results = await lambda.OrdersAsync(2);
        (await lambda.EndAsync()).CheckAllArrived(results);
    }
}
