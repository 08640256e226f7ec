using EndToEnd.Tests.Trouble;
using LambdaSandbox;
using LambdaSandbox.Backend;

namespace EndToEnd.Tests.CloudWatch;

/// <summary>For any fault of CloudWatch Logs or its credentials the function does not notice and every record is counted.</summary>
public sealed class CloudWatchFaultTests
{
    private const string Order = """{"order":{"id":"1"}}""";

    /// <summary>The default budget of 300 ms after the end of the handler, and a margin for a noisy machine.</summary>
    private static readonly TimeSpan HeldAtMost = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(400, "ThrottlingException")]
    [InlineData(400, "AccessDeniedException")]
    [InlineData(400, "ExpiredTokenException")]
    [InlineData(400, "UnrecognizedClientException")]
    [InlineData(500, "InternalFailure")]
    [InlineData(503, "ServiceUnavailableException")]
    public async Task A_service_that_answers_with_an_error_costs_no_invocation_and_no_record(int status, string code)
    {
        await using var service = await FakeCloudWatch.StartAsync((status, code));
        await using var lambda = await StartAsync(("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", service.Url));
        var outcome = await RunAsync(lambda, 3);

        Assert.True(service.Calls > 0, "it was not called");
        Assert.Contains(outcome.Said, line => line.Contains(" cloudwatch: ", StringComparison.Ordinal) && line.Contains(code, StringComparison.Ordinal));
        CheckEverythingIsADeadLetter(outcome);
    }

    [Fact]
    public async Task Events_that_are_refused_for_good_are_counted_as_refused()
    {
        await using var service = await FakeCloudWatch.StartAsync((400, "InvalidParameterException"));
        await using var lambda = await StartAsync(("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", service.Url));
        var outcome = await RunAsync(lambda, 2);
        Assert.Equal((6, 6, 6), (outcome.Ledger.Logs.Received, outcome.Ledger.Logs.Dropped, outcome.Ledger.Logs.DroppedFor("refused")));
    }

    [Fact]
    public async Task A_recovered_service_receives_what_it_missed()
    {
        await using var service = await FakeCloudWatch.StartAsync((400, "ThrottlingException"));
        await using var lambda = await StartAsync(("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", service.Url));
        await InvokeAsync(lambda, 2);
        service.Error = null;
        var outcome = await RunAsync(lambda, 1);
        Assert.Equal((9, 9), (outcome.Ledger.Logs.Received, outcome.Ledger.Logs.Exported));
    }

    [Theory]
    [InlineData("InvalidSignatureException", 20)]
    [InlineData("RequestTimeTooSkewed", -20)]
    [InlineData("SignatureDoesNotMatch", 600)]
    public async Task A_wrong_clock_is_corrected_by_the_service_time(string code, int minutes)
    {
        await using var service = await FakeCloudWatch.StartAsync(null, TimeSpan.FromMinutes(minutes), code);
        await using var lambda = await StartAsync(("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", service.Url));
        CheckCorrected(await RunAsync(lambda, 3), service, 3);
    }

    [Fact]
    public async Task A_clock_that_jumps_in_between_is_corrected_each_time()
    {
        await using var service = await FakeCloudWatch.StartAsync(null, TimeSpan.Zero, "InvalidSignatureException");
        await using var lambda = await StartAsync(("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", service.Url), (FaultRun.Strategy, "end"));
        var clock = ClockOf.Process(Assert.Single(lambda.Sandbox.Extensions).Pid!.Value);
        await InvokeAsync(lambda, 1);
        Assert.Equal(0, service.Refused);
        clock.Set(TimeSpan.FromHours(-5));
        await InvokeAsync(lambda, 2);
        clock.Set(TimeSpan.FromHours(5));
        CheckCorrected(await RunAsync(lambda, 2), service, 5);
    }

    [Fact]
    public async Task A_service_of_another_region_costs_no_invocation_and_no_record()
    {
        await using var service = await FakeCloudWatch.StartAsync(null, TimeSpan.Zero, region: "mars-north-1");
        await using var lambda = await StartAsync(("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", service.Url));
        var outcome = await RunAsync(lambda, 3);

        Assert.True(service.Calls > 0 && service.Refused == service.Calls, $"{service.Refused} of {service.Calls} calls were refused");
        Assert.Contains(outcome.Said, line => line.Contains(" cloudwatch: ", StringComparison.Ordinal) && line.Contains("InvalidSignatureException", StringComparison.Ordinal));
        CheckEverythingIsADeadLetter(outcome);
    }

    [Fact]
    public async Task A_service_that_hangs_holds_no_invocation_beyond_the_budget()
    {
        await using var hanging = new HangingEndpoint();
        await using var lambda = await StartAsync(("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", hanging.Url));
        var results = await InvokeAsync(lambda, 8);
        var outcome = await lambda.EndAsync(backendHasAll: false);

        Assert.True(hanging.BytesReceived > 0, "it was not called");
        Assert.Contains("does not answer within the time of a flush", Assert.Single(outcome.Said), StringComparison.Ordinal);
        var held = TimeSpan.FromTicks(results.Skip(4).Sum(result => result.ExtensionOverhead.Ticks)) / 4;
        Assert.True(held < TimeSpan.FromMilliseconds(250), $"still delayed by {held} on average");
        CheckEverythingIsADeadLetter(outcome);
    }

    [Fact]
    public async Task A_service_that_is_not_reached_costs_no_record()
    {
        using var refusing = new RefusingEndpoint();
        await using var lambda = await StartAsync(("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", refusing.Url));
        CheckEverythingIsADeadLetter(await RunAsync(lambda, 2));
    }

    [Fact]
    public async Task Missing_credentials_are_logged_once_and_cost_no_record()
    {
        await using var service = await FakeCloudWatch.StartAsync(null);
        await using var lambda = await StartAsync(
            ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", service.Url), ("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", ""), ("AWS_SESSION_TOKEN", ""));
        var outcome = await RunAsync(lambda, 3);

        Assert.Equal(0, service.Calls);
        Assert.Contains("no credentials", outcome.Line(" cloudwatch: "), StringComparison.Ordinal);
        CheckEverythingIsADeadLetter(outcome);
    }

    [Fact]
    public async Task A_credentials_endpoint_that_hangs_costs_no_record()
    {
        await using var hanging = new HangingEndpoint();
        await using var lambda = await StartAsync(
            ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", hanging.Url), ("AWS_ACCESS_KEY_ID", ""), ("AWS_CONTAINER_CREDENTIALS_FULL_URI", hanging.Url + "/credentials"));
        CheckEverythingIsADeadLetter(await RunAsync(lambda, 3));
    }

    [Fact]
    public async Task An_endpoint_that_is_no_URL_is_named()
    {
        await using var lambda = await StartAsync(("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "nowhere"));
        var outcome = await RunAsync(lambda, 2);
        Assert.Contains("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", outcome.Line(" cloudwatch: "), StringComparison.Ordinal);
        CheckEverythingIsADeadLetter(outcome);
    }

    [Fact]
    public async Task A_dead_CloudWatch_does_not_keep_an_OTLP_backend_from_its_records()
    {
        await using var hanging = new HangingEndpoint();
        await using var lambda = await LambdaUnderTest.StartAsync(
            null, ("TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP", "/otel/{function}"), ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", hanging.Url));
        var results = await InvokeAsync(lambda, 3);
        var outcome = await lambda.EndAsync(backendHasAll: false);

        Assert.All(results, result => Assert.Equal(3, outcome.LogsOf(result.RequestId).Count));
        // Both destinations need them, so they are kept for CloudWatch.
        Assert.Equal(9, outcome.Ledger.Logs.DeadLettered);
    }

    [Fact]
    public async Task Dead_letters_that_are_switched_off_are_counted_as_dropped()
    {
        using var refusing = new RefusingEndpoint();
        await using var lambda = await LambdaUnderTest.StartAsync(null, ("OTEL_EXPORTER_OTLP_ENDPOINT", refusing.Url), ("TELEMETRY_EXTENSION_DEAD_LETTERS", "off"));
        var outcome = await RunAsync(lambda, 2);

        Assert.Empty(outcome.DeadLetters);
        Assert.All(outcome.Ledger.Accounts.Where(account => account.Name != "events"), account =>
            Assert.Equal((account.Account.Received, 0), (account.Account.DroppedFor("shutdown"), account.Account.DeadLettered)));
    }

    [Fact]
    public async Task Dead_letters_beyond_their_bytes_are_counted_as_dropped()
    {
        using var refusing = new RefusingEndpoint();
        await using var lambda = await LambdaUnderTest.StartAsync(
            null, ("OTEL_EXPORTER_OTLP_ENDPOINT", refusing.Url), ("TELEMETRY_EXTENSION_DEAD_LETTER_MAX_BYTES", "65536"));
        for (var number = 0; number < 4; number++)
            await lambda.InvokeAsync("""{"logLines":400,"logBytes":2000}""");
        var outcome = await lambda.EndAsync();

        Assert.InRange(outcome.DeadLetters.Sum(line => line.Length), 1, 65536);
        Assert.True(outcome.Ledger.Logs is { DeadLettered: > 0, Dropped: > 0 }, $"{outcome.Ledger.Logs}");
        Assert.Equal(outcome.Ledger.Logs.Dropped, outcome.Ledger.Logs.DroppedFor("shutdown"));
    }

    private static Task<LambdaUnderTest> StartAsync(params (string, string?)[] settings) => LambdaUnderTest.StartAsync(
        null, [("OTEL_EXPORTER_OTLP_ENDPOINT", null), ("TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP", "/otel/{function}"), .. settings]);

    private static async Task<Outcome> RunAsync(LambdaUnderTest lambda, int invocations)
    {
        await InvokeAsync(lambda, invocations);
        return await lambda.EndAsync(backendHasAll: false);
    }

    private static async Task<List<InvocationResult>> InvokeAsync(LambdaUnderTest lambda, int count)
    {
        var results = new List<InvocationResult>();
        for (var number = 0; number < count; number++)
        {
            results.Add(await lambda.InvokeAsync(Order));
            Assert.InRange(results[^1].ExtensionOverhead, TimeSpan.Zero, HeldAtMost);
        }

        return results;
    }

    /// <summary>The first answer revealed the time. That request, and possibly concurrent ones, were sent again.</summary>
    private static void CheckCorrected(Outcome outcome, FakeCloudWatch service, int invocations)
    {
        Assert.InRange(service.Refused, 1, 4);
        Assert.Empty(outcome.Said);
        Assert.Equal((invocations * 3, invocations * 3), (outcome.Ledger.Logs.Received, outcome.Ledger.Logs.Exported));
    }

    private static void CheckEverythingIsADeadLetter(Outcome outcome)
    {
        Assert.NotEmpty(outcome.DeadLetters);
        foreach (var account in new[] { outcome.Ledger.Logs, outcome.Ledger.Metrics })
            Assert.True(account.Received > 0 && account.DeadLettered == account.Received, $"{account}\n{string.Join('\n', outcome.Said)}");
        // Nothing needed them.
        Assert.Equal(outcome.Ledger.Traces.Received, outcome.Ledger.Traces.DroppedFor("no_destination"));
    }
}
