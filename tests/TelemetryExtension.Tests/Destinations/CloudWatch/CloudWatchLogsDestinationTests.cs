using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Destinations.CloudWatch;
using TelemetryExtension.Destinations.CloudWatch.Streams;
using TelemetryExtension.Otlp;
using TelemetryExtension.Tests.Configuration;

namespace TelemetryExtension.Tests.Destinations.CloudWatch;

public sealed class CloudWatchLogsDestinationTests : IDisposable
{
    private readonly FakeCloudWatchLogs _server = new();

    public void Dispose() => _server.Dispose();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Deliver_NothingExists_CreatesGroupRetentionAndStream()
    {
        var result = await Deliver(Destination(new() { ["TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP"] = "/otel/{function}", ["TELEMETRY_EXTENSION_CLOUDWATCH_RETENTION_DAYS"] = "7" }), OtlpBuilder.Logs("one", "two"), 2);

        Assert.Equal(new DeliveryResult(DeliveryStatus.Delivered), result);
        Assert.Equal(["PutLogEvents", "CreateLogStream", "CreateLogGroup", "PutRetentionPolicy", "CreateLogStream", "PutLogEvents"], _server.Calls);
        Assert.Equal(7, _server.Retention["/otel/orders"]);
        Assert.Equal(2, _server.Groups["/otel/orders"]["2026/01/01/[$LATEST]ab"].Count);
    }

    [Theory]
    [InlineData("the network", true)]
    [InlineData("ThrottlingException", true)]
    [InlineData("AccessDeniedException", false)]
    public async Task Deliver_RetentionCouldNotBeSet_IsTriedAgainUnlessItIsForbidden(string trouble, bool isSetLater)
    {
        var failed = 0;
        for (var call = 0; call < 20; call++)
            _server.Answers.Enqueue(request => !request.Headers.GetValues("X-Amz-Target").Single().EndsWith("PutRetentionPolicy", StringComparison.Ordinal) || failed++ > 0 ? null
                : trouble == "the network" ? throw new HttpRequestException("reset") : FakeCloudWatchLogs.Error(400, trouble));
        var destination = Destination(new() { ["TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP"] = "/otel/{function}", ["TELEMETRY_EXTENSION_CLOUDWATCH_RETENTION_DAYS"] = "7" });

        Assert.Equal(new DeliveryResult(DeliveryStatus.Delivered), await Deliver(destination, OtlpBuilder.Logs("one")));
        Assert.Equal(new DeliveryResult(DeliveryStatus.Delivered), await Deliver(destination, OtlpBuilder.Logs("two")));
        var calls = _server.Calls.Count(call => call == "PutRetentionPolicy");
        await Deliver(destination, OtlpBuilder.Logs("three"));
        Assert.Equal((isSetLater, calls), (_server.Retention.ContainsKey("/otel/orders"), _server.Calls.Count(call => call == "PutRetentionPolicy")));
    }

    [Fact]
    public async Task Deliver_GroupDeletedInTheMiddle_IsCreatedAgain()
    {
        var destination = Destination();
        await Deliver(destination, OtlpBuilder.Logs("one"));
        _server.Groups.Clear();

        Assert.Equal(DeliveryStatus.Delivered, (await Deliver(destination, OtlpBuilder.Logs("two"))).Status);

        Assert.Contains("two", Assert.Single(_server.MessagesOf("g")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deliver_MissingAndNotToBeCreated_IsRetryable()
    {
        var result = await Deliver(Destination(new() { ["TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP"] = "g", ["TELEMETRY_EXTENSION_CLOUDWATCH_CREATE"] = "false" }), OtlpBuilder.Logs("one"));

        Assert.Equal(DeliveryStatus.Retryable, result.Status);
        Assert.Contains("ResourceNotFoundException", result.Message, StringComparison.Ordinal);
        Assert.Equal(["PutLogEvents"], _server.Calls);
    }

    [Theory]
    [InlineData(400, "AccessDeniedException", false)]
    [InlineData(400, "ExpiredTokenException", false)]
    [InlineData(400, "UnrecognizedClientException", false)]
    [InlineData(400, "ThrottlingException", false)]
    [InlineData(500, "InternalFailure", false)]
    [InlineData(503, "ServiceUnavailableException", false)]
    [InlineData(400, "InvalidParameterException", true)]
    public async Task Deliver_Error_SaysWhetherToTryAgain(int status, string type, bool isFinal)
    {
        _server.Answers.Enqueue(_ => FakeCloudWatchLogs.Error(status, type, "sorry"));

        var result = await Deliver(Destination(), OtlpBuilder.Logs("one"));

        Assert.Equal(isFinal ? DeliveryStatus.Refused : DeliveryStatus.Retryable, result.Status);
        Assert.Contains("sorry", result.Message, StringComparison.Ordinal);
        // There is one request, because the outbox decides when to retry.
        Assert.Equal(["PutLogEvents"], _server.Calls);
    }

    [Fact]
    public async Task Deliver_NoCredentials_IsRetryableAndSaysSo()
    {
        var result = await Deliver(Destination(aws: new(Region: "eu-west-1")), OtlpBuilder.Logs("one"));

        Assert.Equal(DeliveryStatus.Retryable, result.Status);
        Assert.Contains("AWS_ACCESS_KEY_ID", result.Message, StringComparison.Ordinal);
        Assert.Empty(_server.Calls);
    }

    [Fact]
    public async Task Deliver_UnreachableEndpoint_IsRetryable()
    {
        for (var i = 0; i < 3; i++)
            _server.Answers.Enqueue(_ => throw new HttpRequestException("Name or service not known (logs.nowhere-1.amazonaws.com)"));

        Assert.Equal(DeliveryStatus.Retryable, (await Deliver(Destination(), OtlpBuilder.Logs("one"))).Status);
    }

    [Fact]
    public async Task Deliver_RejectedEvents_AreCounted()
    {
        _server.RejectedLogEventsInfo = """{"tooNewLogEventStartIndex":9,"tooOldLogEventEndIndex":1,"expiredLogEventEndIndex":2}""";

        var result = await Deliver(Destination(), OtlpBuilder.Logs([.. Enumerable.Range(0, 10).Select(i => i.ToString())]), 10);

        Assert.Equal((DeliveryStatus.Delivered, 3), (result.Status, result.RejectedRecords));
    }

    [Fact]
    public async Task Deliver_SecondOfThreeCallsFails_ContinuesThereNextTime()
    {
        var destination = Destination(new() { ["TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP"] = "g", ["TELEMETRY_EXTENSION_CLOUDWATCH_MAX_EVENT_BYTES"] = "1000000" });
        var payload = OtlpBuilder.Payload(Signal.Logs, OtlpBuilder.Logs([.. Enumerable.Range(0, 3).Select(i => i + new string('x', 900_000))]), 3);
        _server.Groups["g"] = new() { ["2026/01/01/[$LATEST]ab"] = [] };
        _server.Answers.Enqueue(_ => null);
        _server.Answers.Enqueue(_ => FakeCloudWatchLogs.Error(503, "ServiceUnavailableException"));

        Assert.Equal(DeliveryStatus.Retryable, (await destination.DeliverAsync(payload, Cancelled)).Status);
        Assert.Single(_server.MessagesOf("g"));
        Assert.Equal(DeliveryStatus.Delivered, (await destination.DeliverAsync(payload, Cancelled)).Status);
        Assert.Equal(3, _server.MessagesOf("g").Distinct().Count());
        Assert.Equal(3, _server.MessagesOf("g").Count());
    }

    [Fact]
    public async Task Deliver_FourAtOnceFailInTheMiddle_EachContinuesWhereItFailed()
    {
        var destination = Destination();
        _server.Groups["g"] = new() { ["2026/01/01/[$LATEST]ab"] = [] };
        const int rounds = 200;
        for (var round = 0; round < rounds; round++)
        {
            var payloads = Enumerable.Range(0, 4).Select(i => OtlpBuilder.Payload(Signal.Logs, TwoCalls($"{round}/{i}"), 2)).ToArray();
            for (var i = 0; i < 8; i++)
                _server.Answers.Enqueue(request => BodyOf(request).Contains("second", StringComparison.Ordinal) ? FakeCloudWatchLogs.Error(400, "AccessDeniedException") : null);

            Assert.All(await AtOnce(payloads), result => Assert.Equal(DeliveryStatus.Retryable, result.Status));
            Assert.All(await AtOnce(payloads), result => Assert.Equal(DeliveryStatus.Delivered, result.Status));
        }

        Assert.Equal(rounds * 8, _server.MessagesOf("g").Distinct().Count());
        Assert.Equal(rounds * 8, _server.MessagesOf("g").Count());

        // Events more than a day apart never share a call.
        static byte[] TwoCalls(string name) => OtlpBuilder.Request(writer =>
        {
            OtlpBuilder.Log(writer, name + " first", OtlpBuilder.Start);
            OtlpBuilder.Log(writer, name + " second", OtlpBuilder.Start + (100_000 * OtlpBuilder.Second));
        });

        static string BodyOf(HttpRequestMessage request) => new StreamReader(request.Content!.ReadAsStream()).ReadToEnd();

        Task<DeliveryResult[]> AtOnce(IEnumerable<OtlpPayload> payloads) =>
            Task.WhenAll(payloads.Select(payload => Task.Run(async () => await destination.DeliverAsync(payload, Cancelled), Cancelled)));
    }

    [Theory]
    [InlineData("PutLogEvents")]
    [InlineData("CreateLogStream")]
    [InlineData("CreateLogGroup")]
    [InlineData("PutRetentionPolicy")]
    public async Task Deliver_CallThatCancellationDoesNotEnd_EndsWithTheBudget(string operation)
    {
        _server.StuckAt = operation;
        using var budget = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        budget.CancelAfter(TimeSpan.FromMilliseconds(200));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Destination(new() { ["TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP"] = "g", ["TELEMETRY_EXTENSION_CLOUDWATCH_RETENTION_DAYS"] = "7" })
            .DeliverAsync(OtlpBuilder.Payload(Signal.Logs, OtlpBuilder.Logs("x")), budget.Token).AsTask().WaitAsync(TimeSpan.FromSeconds(10), Cancelled));
        Assert.Equal(operation, _server.Calls[^1]);
    }

    [Fact]
    public async Task Deliver_HangingEndpoint_EndsWithTheBudget()
    {
        _server.Hangs = true;
        using var budget = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        budget.CancelAfter(TimeSpan.FromMilliseconds(200));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Destination().DeliverAsync(OtlpBuilder.Payload(Signal.Logs, OtlpBuilder.Logs("x")), budget.Token).AsTask().WaitAsync(TimeSpan.FromSeconds(10), Cancelled));
    }

    [Fact]
    public async Task Deliver_Metrics_ArriveAsEmbeddedMetricFormat()
    {
        var request = OtlpBuilder.Request(writer => OtlpBuilder.Metric(writer, "faas.errors", "{error}", 5, data => OtlpBuilder.Number(data, 2)));

        var result = await Destination().DeliverAsync(OtlpBuilder.Payload(Signal.Metrics, request), Cancelled);

        Assert.Equal(new DeliveryResult(DeliveryStatus.Delivered), result);
        Assert.Contains("\"faas.errors\":2", Assert.Single(_server.MessagesOf("g")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deliver_UnreadableRest_CountsAsRejected()
    {
        var logs = OtlpBuilder.Logs("one");

        var result = await Deliver(Destination(), [.. logs, 0x0a, 0x7f, 1], 2);

        Assert.Equal((DeliveryStatus.Delivered, 1), (result.Status, result.RejectedRecords));
    }

    [Fact]
    public void Accepts_Defaults_AreLogsAndMetrics()
    {
        Assert.Equal((false, true, true), (Destination().Accepts(Signal.Traces), Destination().Accepts(Signal.Metrics), Destination().Accepts(Signal.Logs)));
        Assert.True(Destination(new() { ["TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP"] = "g", ["TELEMETRY_EXTENSION_CLOUDWATCH_SPANS"] = "true" }).Accepts(Signal.Traces));
        Assert.False(Destination(new() { ["TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP"] = "g", ["TELEMETRY_EXTENSION_EMF"] = "stdout" }).Accepts(Signal.Metrics));
    }

    private CloudWatchLogsDestination Destination(Env? settings = null, AwsOptions? aws = null)
    {
        var options = CloudWatchOptions.From((settings ?? new() { ["TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP"] = "g" }).Read());
        var client = new Lazy<Amazon.CloudWatchLogs.AmazonCloudWatchLogsClient>(
            () => CloudWatchLogsClientFactory.Create(aws ?? FakeCloudWatchLogs.Aws, _server), LazyThreadSafetyMode.PublicationOnly);
        var names = new LogNameValues("orders", "$LATEST", "2026/01/01/[$LATEST]ab");
        return new(options, new LogStreamWriter(client, options.Target!, () => names, new ManualTimeProvider()));
    }

    private static async Task<DeliveryResult> Deliver(CloudWatchLogsDestination destination, byte[] logs, int records = 1) =>
        await destination.DeliverAsync(OtlpBuilder.Payload(Signal.Logs, logs, records), Cancelled);
}
