using LambdaSandbox.Backend;
using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Destinations.CloudWatch;
using TelemetryExtension.Destinations.Otlp;
using TelemetryExtension.Otlp;
using TelemetryExtension.Tests.Configuration;
using TelemetryExtension.Tests.Delivery;
using TelemetryExtension.Tests.Destinations.CloudWatch;

namespace TelemetryExtension.Tests.Destinations.Otlp;

public sealed class AwsOtlpDestinationTests : DeliveryToBackend
{
    private static readonly AwsOptions Aws = FakeCloudWatchLogs.Aws;
    private readonly FakeCloudWatchLogs _logs = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Deliver_Logs_AreSignedAndNameTheFunctionsOwnStream()
    {
        Assert.Equal(new DeliveryResult(DeliveryStatus.Delivered), await Destination().DeliverAsync(DeliveryTestBench.LogPayload("x"), Cancelled));

        var request = Backend.Requests[^1];
        Assert.Equal(("/aws/lambda/orders", "2026/01/01/[1]ab"), (request.Headers["x-aws-log-group"], request.Headers["x-aws-log-stream"]));
        Assert.Contains("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-aws-log-group;x-aws-log-stream,", request.Headers["authorization"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deliver_GroupAndStreamInHeaders_AreFilledIn()
    {
        await Destination("x-aws-log-group=/otel/{function},x-aws-log-stream={version}/{instance}").DeliverAsync(DeliveryTestBench.LogPayload("x"), Cancelled);
        Assert.Equal(("/otel/orders", "1/2026/01/01/[1]ab"), (Backend.Requests[^1].Headers["x-aws-log-group"], Backend.Requests[^1].Headers["x-aws-log-stream"]));
    }

    [Fact]
    public async Task Deliver_StreamIsMissing_IsCreatedAndTheRequestGoesAgain()
    {
        Backend.Respond = request => _logs.Groups.ContainsKey("/otel/orders") ? Fault.None : Fault.Http(400, "ResourceNotFoundException: The specified log group does not exist");
        Assert.Equal(DeliveryStatus.Delivered, (await Destination("x-aws-log-group=/otel/orders").DeliverAsync(DeliveryTestBench.LogPayload("x"), Cancelled)).Status);

        Assert.Equal(2, Backend.Requests.Count);
        Assert.Equal("2026/01/01/[1]ab", Assert.Single(_logs.Groups["/otel/orders"].Keys));
    }

    [Fact]
    public async Task Deliver_MoreRecordsThanAwsTakes_GoInPiecesWithoutARefusal()
    {
        using var bench = new DeliveryTestBench([Destination()], null, null, TimeProvider.System);
        bench.Add(DeliveryTestBench.LogPayload(25_000, 1));
        await bench.DeliverAsync();

        bench.AssertLogs(exported: 25_000);
        Assert.All(Backend.Requests, request => Assert.InRange(request.AcceptedItems, 1, 10_000));
    }

    /// <summary>The date in a refusal is the server's.</summary>
    [Fact]
    public async Task Deliver_OurClockIsWrong_TheServersIsUsed()
    {
        var time = new ManualTimeProvider(DateTimeOffset.UtcNow.AddHours(-3));
        Backend.Respond = request => (SigV4.TimeOf(request.Headers["x-amz-date"]) - DateTimeOffset.UtcNow).Duration() < TimeSpan.FromMinutes(5)
            ? Fault.None : Fault.Http(403, headers: new Dictionary<string, string> { ["Date"] = DateTimeOffset.UtcNow.ToString("R") });
        var destination = Destination(time: time);

        Assert.Equal(DeliveryStatus.Delivered, (await destination.DeliverAsync(DeliveryTestBench.LogPayload("x"), Cancelled)).Status);
        Assert.Equal(DeliveryStatus.Delivered, (await destination.DeliverAsync(DeliveryTestBench.LogPayload("x"), Cancelled)).Status);
        Assert.Equal(3, Backend.Requests.Count);
    }

    /// <summary>The first answer corrects the clock while other requests with the old one are in transit.</summary>
    [Fact]
    public async Task Deliver_OurClockIsWrongForRequestsSideBySide_EachIsDelivered()
    {
        var time = new ManualTimeProvider(DateTimeOffset.UtcNow.AddHours(-3));
        using var all = new CountdownEvent(3);
        Backend.Respond = request =>
        {
            if ((SigV4.TimeOf(request.Headers["x-amz-date"]) - DateTimeOffset.UtcNow).Duration() < TimeSpan.FromMinutes(5))
                return Fault.None;
            all.Signal();
            Assert.True(all.Wait(TimeSpan.FromSeconds(20), Cancelled));
            return Fault.Http(403, headers: new Dictionary<string, string> { ["Date"] = DateTimeOffset.UtcNow.ToString("R") });
        };
        var destination = Destination(time: time);

        var results = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => destination.DeliverAsync(DeliveryTestBench.LogPayload("x"), Cancelled).AsTask()));

        Assert.All(results, result => Assert.Equal(DeliveryStatus.Delivered, result.Status));
        Assert.Equal(6, Backend.Requests.Count);
    }

    [Fact]
    public async Task Deliver_RoleLacksThePermission_SaysWhatItWasSignedFor()
    {
        Backend.Respond = _ => Fault.Http(403, "AccessDeniedException");
        var result = await Destination().DeliverAsync(DeliveryTestBench.LogPayload("x"), Cancelled);

        Assert.Equal(DeliveryStatus.Refused, result.Status);
        Assert.StartsWith("signed for logs in eu-west-1 with the function's role", result.Message, StringComparison.Ordinal);
        Assert.Null(RefusalAdvice.For("otlp", Signal.Logs, result));
    }

    [Fact]
    public async Task Deliver_NoCredentials_WaitsAndSaysSo()
    {
        var result = await Destination(aws: new AwsOptions("eu-west-1")).DeliverAsync(DeliveryTestBench.LogPayload("x"), Cancelled);

        Assert.Equal(DeliveryStatus.Retryable, result.Status);
        Assert.Contains("no credentials", result.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("xray", "Traces", 5_000_000, 10_000)]
    [InlineData("logs", "Logs", (1024 * 1024) - (26 * 10), 10_000)]
    [InlineData("monitoring", "Metrics", 1_000_000, 1_000)]
    public void Exceeds_Limits_AreThoseOfTheService(string service, string name, int bytes, int records)
    {
        var signal = Enum.Parse<Signal>(name);
        Assert.False(AwsLimits.Exceeds(service, new(signal, new byte[bytes], 10, default)));
        Assert.True(AwsLimits.Exceeds(service, new(signal, new byte[bytes + 1], 10, default)));
        Assert.False(AwsLimits.Exceeds(service, new(signal, new byte[10], records, default)));
        Assert.True(AwsLimits.Exceeds(service, new(signal, new byte[10], records + 1, default)));
        Assert.False(AwsLimits.Exceeds("osis", new(signal, new byte[bytes + 1], records + 1, default)));
    }

    private IDestination Destination(string? headers = null, TimeProvider? time = null, AwsOptions? aws = null)
    {
        var problems = new SettingProblems();
        var options = DeliveryOptions.From(new Env
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Backend.HttpUrl,
            ["OTEL_EXPORTER_OTLP_HEADERS"] = headers,
            ["TELEMETRY_EXTENSION_OTLP_SIGV4"] = "on",
            ["AWS_REGION"] = "eu-west-1",
        }.Read(problems));
        Assert.Empty(problems.Messages);
        time ??= TimeProvider.System;
        var requests = new AwsRequests(aws ?? Aws, static () => new("orders", "1", "2026/01/01/[1]ab"), new(() => CloudWatchLogsClientFactory.Create(Aws, _logs)), time);
        return Assert.Single(OtlpDestinations.Create(options, time, null, requests));
    }
}
