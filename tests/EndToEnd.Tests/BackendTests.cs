using EndToEnd.Tests.Trouble;
using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests;

/// <summary>For any behaviour of the backend, or without one, the function does not notice and every record is counted.</summary>
public sealed class BackendTests
{
    [Fact]
    public async Task Without_an_endpoint_it_says_so_once_and_counts_what_it_drops()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(null, ("OTEL_EXPORTER_OTLP_ENDPOINT", null));
        var results = await lambda.OrdersAsync(3);
        var outcome = await lambda.EndAsync();

        Assert.Contains("OTEL_EXPORTER_OTLP_ENDPOINT", Assert.Single(outcome.Said), StringComparison.Ordinal);
        CheckNothingWasExported(outcome, results);
        // The extension need not wait for the runtime, so it calls Next while the handler runs.
        Assert.Contains(results, result => result.ExtensionOverhead == TimeSpan.Zero);
        Assert.Equal(outcome.Ledger.Traces.Received, outcome.Ledger.Traces.DroppedFor("no_destination"));
    }

    [Theory]
    [InlineData("not a url")]
    [InlineData("ftp://127.0.0.1:4318")]
    [InlineData("http://")]
    public async Task A_bad_endpoint_is_named_and_costs_only_the_telemetry(string endpoint)
    {
        await using var lambda = await LambdaUnderTest.StartAsync(null, ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint));
        var results = await lambda.OrdersAsync(2);
        var outcome = await lambda.EndAsync();

        // The value is not logged, because it may contain a password.
        Assert.Contains(" OTEL_EXPORTER_OTLP_ENDPOINT ", outcome.Said[0], StringComparison.Ordinal);
        CheckNothingWasExported(outcome, results);
    }

    [Fact]
    public async Task A_name_that_does_not_resolve_is_logged_once_and_costs_only_the_telemetry()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(null, ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.invalid:4318"));
        var results = await lambda.OrdersAsync(2);
        var outcome = await lambda.EndAsync();

        CheckNothingWasExported(outcome, results);
        Assert.Contains("NameResolutionError", Assert.Single(outcome.Said), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backend_that_refuses_connections_holds_no_invocation()
    {
        using var refusing = new RefusingEndpoint();
        await using var lambda = await LambdaUnderTest.StartAsync(null, ("OTEL_EXPORTER_OTLP_ENDPOINT", refusing.Url));
        var results = await lambda.OrdersAsync(5);
        CheckNothingWasExported(await lambda.EndAsync(), results);
    }

    [Fact]
    public async Task A_backend_that_hangs_holds_no_invocation_beyond_the_budget()
    {
        await using var hanging = new HangingEndpoint();
        await using var lambda = await LambdaUnderTest.StartAsync(null, ("OTEL_EXPORTER_OTLP_ENDPOINT", hanging.Url));
        var results = await lambda.OrdersAsync(8);
        var outcome = await lambda.EndAsync();

        CheckNothingWasExported(outcome, results);
        Assert.True(hanging.BytesReceived > 0, "nothing was ever sent, so nothing hung");
        outcome.Line("does not answer within the time of a flush");
        // After three flushes without an answer no invocation waits for these signals.
        var held = TimeSpan.FromTicks(results.Skip(4).Sum(result => result.ExtensionOverhead.Ticks)) / 4;
        Assert.True(held < TimeSpan.FromMilliseconds(250), $"still delayed by {held} on average");
    }

    [Fact]
    public async Task A_slow_backend_receives_everything_once()
    {
        await using var lambda = await LambdaUnderTest.StartAsync();
        lambda.Backend.Respond = Faults.Always(Fault.Slow(TimeSpan.FromMilliseconds(120)));
        var results = await lambda.OrdersAsync(4);
        // An answer may arrive just when the budget ends. The request is then sent again under the same id.
        var outcome = await lambda.EndAsync(mayRepeat: true);

        outcome.CheckAllArrived(results, mayRepeat: true);
        lambda.CheckOncePerBatch(outcome);
    }

    [Fact]
    public async Task A_recovered_backend_receives_what_it_missed()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(null, Recovery.EverySecond);
        await lambda.Backend.PauseAsync(TestContext.Current.CancellationToken);
        var missed = await lambda.OrdersAsync(3);
        Assert.Empty(lambda.Backend.Requests);
        await lambda.Backend.ResumeAsync(TestContext.Current.CancellationToken);
        var results = await lambda.OrdersUntilArrivedAsync(missed);
        var outcome = await lambda.EndAsync();

        Assert.All(results, result => Assert.False(outcome.Invocation(result).IsError()));
        outcome.CheckAllArrived(results);
    }

    [Fact]
    public async Task Errors_that_pass_are_tried_again()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(null, Recovery.EverySecond);
        // With the status 200 the backend has the data, whatever happens to the rest of the answer.
        lambda.Backend.Respond = Faults.Sequence(Fault.Http(503), Fault.Reset, Fault.CloseAfterHeaders.ButTaken(), Fault.Http(429, retryAfter: TimeSpan.FromSeconds(1)));
        var results = await lambda.OrdersUntilArrivedAsync(await lambda.OrdersAsync(4));
        var outcome = await lambda.EndAsync();

        Assert.True(lambda.Backend.Requests.Count(request => request.AcceptedItems == 0) >= 3, "no request hit the faults");
        outcome.CheckAllArrived(results);
    }

    [Fact]
    public async Task Spans_that_are_refused_for_good_are_counted_as_refused_and_the_logs_arrive()
    {
        await using var lambda = await LambdaUnderTest.StartAsync();
        lambda.Backend.Respond = Faults.On(OtlpSignal.Traces, Faults.Always(Fault.Http(400, "no spans here")));
        await lambda.OrdersAsync(2);
        var outcome = await lambda.EndAsync();

        Assert.Equal(6, outcome.Logs.Count);
        Assert.Equal(0, outcome.Ledger.Traces.Exported);
        Assert.Equal(outcome.Ledger.Traces.Received, outcome.Ledger.Traces.DroppedFor("refused") + outcome.Ledger.Traces.DeadLettered);
        // One line contains the backend's reason. Another reports that the signal is closed after enough refusals.
        Assert.Contains("no spans here", Assert.Single(outcome.Said, line => !line.Contains("refuses all traces", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_partial_success_is_counted_as_rejected()
    {
        await using var lambda = await LambdaUnderTest.StartAsync();
        lambda.Backend.Respond = Faults.On(OtlpSignal.Logs, Faults.First(1, Fault.PartialSuccess(2, "too old")));
        await lambda.OrdersAsync(2);
        var outcome = await lambda.EndAsync();

        Assert.Equal((4, 2, 0), (outcome.Ledger.Logs.Exported, outcome.Ledger.Logs.Rejected, outcome.Ledger.Logs.Dropped));
    }

    [Fact]
    public async Task Headers_compression_and_paths_of_the_OTEL_settings_are_on_the_wire()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            null,
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=secret%20key, x-team=blue=1"),
            ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "x-signal=logs"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"));
        await lambda.OrdersAsync(1);
        var outcome = await lambda.EndAsync();

        var byPath = lambda.Backend.Requests.ToLookup(request => request.Path);
        Assert.All(lambda.Backend.Requests, request => Assert.Equal(("application/x-protobuf", "gzip", true), (
            request.Headers["Content-Type"], request.Headers["Content-Encoding"], request.Compressed)));
        Assert.NotEmpty(byPath["/v1/traces"]);
        Assert.All(byPath["/v1/traces"], request => Assert.Equal(("secret key", "blue=1"), (request.Headers["api-key"], request.Headers["x-team"])));
        // A signal's own headers replace the general ones.
        Assert.NotEmpty(byPath["/v1/logs"]);
        Assert.All(byPath["/v1/logs"], request => Assert.Equal(("logs", false), (request.Headers["x-signal"], request.Headers.ContainsKey("api-key"))));
        outcome.CheckNothingLost();
    }

    [Fact]
    public async Task The_timeout_of_the_OTEL_settings_ends_an_attempt()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(
            null, ("OTEL_EXPORTER_OTLP_TIMEOUT", "100"), ("TELEMETRY_EXTENSION_FLUSH_BUDGET_MS", "2500"));
        lambda.Backend.Respond = Faults.First(1, Fault.HangBeforeHeaders);
        await lambda.OrdersAsync(1);
        var outcome = await lambda.EndAsync();

        outcome.CheckNothingLost();
    }

    [Fact]
    public async Task Without_compression_nothing_is_compressed()
    {
        await using var lambda = await LambdaUnderTest.StartAsync(null, ("OTEL_EXPORTER_OTLP_COMPRESSION", "none"));
        await lambda.OrdersAsync(1);
        await lambda.EndAsync();
        Assert.NotEmpty(lambda.Backend.Requests);
        Assert.All(lambda.Backend.Requests, request => Assert.False(request.Compressed || request.Headers.ContainsKey("Content-Encoding")));
    }

    /// <summary>At least the span and three lines of each invocation arrived, and went elsewhere than to a backend.</summary>
    private static void CheckNothingWasExported(Outcome outcome, IReadOnlyList<InvocationResult> results)
    {
        foreach (var (name, account) in outcome.Ledger.Accounts.Where(account => account.Name is "traces" or "logs"))
        {
            Assert.True(account.Received >= results.Count * (name == "logs" ? 3 : 1), $"{name}: {account}");
            Assert.True(account is { Exported: 0, Rejected: 0 } && account.Received == account.Dropped + account.DeadLettered, $"{name}: {account}");
        }
    }
}
