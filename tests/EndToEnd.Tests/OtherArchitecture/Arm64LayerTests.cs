using System.Net;
using EndToEnd.Tests.CloudWatch;
using EndToEnd.Tests.Tools;
using EndToEnd.Tests.Trouble;
using LambdaSandbox;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Trace.V1;

namespace EndToEnd.Tests.OtherArchitecture;

/// <summary>Repeats the core of the suite with the arm64 layer: every kind of machine-dependent code runs at least once.</summary>
[Collection(CloudWatchCollection.Name)]
public sealed class Arm64LayerTests(LocalCloudWatch cloudWatch)
{
    [Fact]
    public async Task Cold_warm_and_failing_invocations_arrive_as_one_trace_each_with_their_logs()
    {
        await using var lambda = await EmulatedLambda.StartAsync();
        var cold = await lambda.InvokeAsync(FaultRun.Order("1"));
        var warm = await lambda.InvokeAsync(FaultRun.Order("2"));
        var failing = await lambda.InvokeToErrorAsync("""{"order":{"id":"13","fail":true}}""", "Function.PaymentDeclined");
        var outcome = await lambda.EndAsync();

        outcome.CheckNothingLost();
        Assert.Empty(outcome.Said);
        foreach (var result in new[] { cold, warm, failing })
        {
            var span = outcome.Invocation(result);
            Assert.Equal(TraceHeader.Read(result.TraceHeader).TraceId, span.TraceId.Hex());
            Assert.Equal((result == cold, result == failing), (span.Flag("faas.coldstart")!.Value, span.IsError()));
            Assert.All(outcome.LogsOf(result.RequestId), log => Assert.Equal((span.TraceId, span.SpanId), (log.TraceId, log.SpanId)));
        }

        Assert.Equal(3, outcome.Spans.Count(span => span.Kind == Span.Types.SpanKind.Server));
        Assert.Equal((2, 1, 0, 1), outcome.Counts);
    }

    [Fact]
    public async Task A_freeze_in_the_middle_of_an_invocation_and_of_its_telemetry_loses_nothing()
    {
        await using var lambda = await EmulatedLambda.StartAsync();
        var result = await lambda.InvokeAsync(
            """{"order":{"id":"1"},"logLines":500,"logBytes":200,"sleepMs":50}""",
            new InvokeOptions { WhileRunning = _ => lambda.Sandbox.FreezeForAsync(TimeSpan.FromMilliseconds(200), TestContext.Current.CancellationToken) });
        var after = await lambda.EmulatedOrdersAsync(3);
        var outcome = await lambda.EndAsync();

        Assert.Equal(503, outcome.LogsOf(result.RequestId).Count);
        outcome.CheckAllArrived(after);
    }

    [Fact]
    public async Task What_a_backend_refused_arrives_when_it_is_back()
    {
        await using var lambda = await EmulatedLambda.StartAsync((FaultRun.Strategy, "end"));
        await lambda.Backend.PauseAsync(TestContext.Current.CancellationToken);
        var results = await lambda.EmulatedOrdersAsync(3);
        Assert.Empty(lambda.Backend.Requests);
        await lambda.Backend.ResumeAsync(TestContext.Current.CancellationToken);

        // SHUTDOWN drains what waits for a retry.
        (await lambda.EndAsync()).CheckAllArrived(results);
    }

    [Fact]
    public async Task A_backend_that_hangs_costs_no_invocation_and_leaves_dead_letters()
    {
        await using var hanging = new HangingEndpoint();
        await using var lambda = await EmulatedLambda.StartAsync(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", hanging.Url), (FaultRun.Strategy, "end"), (FaultRun.Budget, "500"));
        await lambda.EmulatedOrdersAsync(3);
        var outcome = await lambda.EndAsync();

        Assert.True(hanging.BytesReceived > 0, "nothing was sent, so nothing hung");
        outcome.CheckNoneArrived(3);
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task Over_TLS_with_an_authority_of_the_test_everything_arrives(string protocol)
    {
        using var certificates = new Certificates();
        using var certificate = certificates.Issue(IPAddress.Loopback, DateTimeOffset.UtcNow.AddDays(1));
        await using var lambda = await EmulatedLambda.StartAsync(
            new OtlpBackendOptions { Certificate = certificate },
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), ("OTEL_EXPORTER_OTLP_CERTIFICATE", certificates.File));
        var results = await lambda.EmulatedOrdersAsync(3);
        (await lambda.EndAsync()).CheckAllArrived(results);
    }

    [Fact]
    public async Task CloudWatch_Logs_receives_what_the_backend_receives()
    {
        var group = $"/otel/{Guid.NewGuid():N}";
        await using var lambda = await EmulatedLambda.StartAsync(
            ("TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP", group), ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", cloudWatch.Url.ToString()));
        var results = await lambda.EmulatedOrdersAsync(2);
        var outcome = await lambda.EndAsync();

        outcome.CheckAllArrived(results);
        Assert.Empty(outcome.Said);
        var events = await cloudWatch.EventsAsync(group);
        Assert.Equal(outcome.Logs.Count, events.Count(logEvent => logEvent.Message.Contains("\"body\":", StringComparison.Ordinal)));
        Assert.Contains(events, logEvent => logEvent.Message.Contains("\"_aws\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Dead_letters_are_replayed_by_the_same_binary()
    {
        await using var lambda = await EmulatedLambda.StartAsync((FaultRun.Strategy, "end"));
        await lambda.Backend.PauseAsync(TestContext.Current.CancellationToken);
        await lambda.EmulatedOrdersAsync(2);
        await lambda.InvokeAsync("""{"logLines":300,"logBytes":500}""");
        var outcome = await lambda.EndAsync();
        outcome.CheckNoneArrived(2);

        using var folder = new TemporaryFolder();
        await File.WriteAllLinesAsync(folder.File("letters"), outcome.DeadLetters, TestContext.Current.CancellationToken);
        await lambda.Backend.ResumeAsync(TestContext.Current.CancellationToken);
        var replay = await Tool.RunAsync(
            await EmulatedLambda.EmulatorAsync(),
            [Path.Combine(lambda.Sandbox.Opt, "extensions", "telemetry-extension"), "replay", folder.File("letters"), "--endpoint", lambda.Backend.HttpUrl],
            environment: []);

        Assert.True(replay.ExitCode == 0, replay.All);
        Assert.Equal(
            (outcome.Ledger.Traces.DeadLettered, outcome.Ledger.Logs.DeadLettered),
            (lambda.Backend.Spans.Count, lambda.Backend.LogRecords.Count));
    }
}
