using LambdaSandbox.Backend;
using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Destinations.Otlp;
using TelemetryExtension.Otlp;
using TelemetryExtension.Secrets;
using TelemetryExtension.Tests.Configuration;
using TelemetryExtension.Tests.Delivery;
using TelemetryExtension.Tests.Secrets;

namespace TelemetryExtension.Tests.Destinations.Otlp;

public sealed class SecretDestinationTests : DeliveryToBackend
{
    private const string Key = "${arn:aws:secretsmanager:eu-west-1:123456789012:secret:key}";

    private readonly FakeSecretReader _reader = new() { Texts = { [FakeSecretReader.Key] = "first-key" } };
    private readonly ManualTimeProvider _time = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task Deliver_KeyInAHeader_IsSent(string protocol)
    {
        var destination = Destination(protocol);

        Assert.Equal(new DeliveryResult(DeliveryStatus.Delivered), await DeliverAsync(destination));
        Assert.Equal("Bearer first-key", Backend.Requests[^1].Headers["authorization"]);
        Assert.Single(_reader.Calls);
    }

    [Fact]
    public async Task Deliver_SecretCannotBeRead_WaitsWithoutAWord()
    {
        _reader.Texts.Clear();
        var destination = Destination("http/protobuf");

        Assert.Equal(new DeliveryResult(DeliveryStatus.Retryable), await DeliverAsync(destination));
        _reader.Texts[FakeSecretReader.Key] = "first-key";
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(DeliveryStatus.Delivered, (await DeliverAsync(destination)).Status);
        Assert.Single(Backend.Requests);
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task Deliver_KeyWasRotated_TheSamePayloadGoesWithTheNewOne(string protocol)
    {
        var accepted = "Bearer first-key";
        Backend.Respond = request => request.Headers["authorization"] == accepted ? Fault.None : Refusal(protocol);
        var destination = Destination(protocol);
        Assert.Equal(DeliveryStatus.Delivered, (await DeliverAsync(destination)).Status);
        (accepted, _reader.Texts[FakeSecretReader.Key]) = ("Bearer other-key", "other-key");
        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(DeliveryStatus.Delivered, (await DeliverAsync(destination)).Status);
        Assert.Equal(3, Backend.Requests.Count);
        Assert.Equal(Backend.Requests[1].Headers[OtlpHeaders.BatchId], Backend.Requests[2].Headers[OtlpHeaders.BatchId]);
    }

    /// <summary>Whoever rotates a key changes backend and store one after the other.</summary>
    [Fact]
    public async Task Deliver_RefusedKeyIsCurrent_WaitsForTheRotationAndThenIsRefused()
    {
        Backend.Respond = _ => Fault.Http(403);
        var destination = Destination("http/protobuf");

        Assert.Equal(DeliveryStatus.Retryable, (await DeliverAsync(destination)).Status);
        _time.Advance(TimeSpan.FromMinutes(2) - TimeSpan.FromTicks(1));
        Assert.Equal(DeliveryStatus.Retryable, (await DeliverAsync(destination)).Status);
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal((DeliveryStatus.Refused, true), ((await DeliverAsync(destination)) is var last ? last.Status : default, last.IsAboutKey));
    }

    [Fact]
    public async Task Deliver_MemberIsMissing_Waits()
    {
        var destination = Destination("http/protobuf", Key.Replace("}", "#token}", StringComparison.Ordinal));
        Assert.Equal(DeliveryStatus.Retryable, (await DeliverAsync(destination)).Status);
        Assert.Empty(Backend.Requests);
    }

    [Fact]
    public async Task Deliver_EndpointIsASecret_NeitherNameNorWordsShowIt()
    {
        _reader.Texts[FakeSecretReader.Host] = "http://host-of-nobody.invalid:4318\n";
        var destination = Destination(new Env { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"{Host}" });
        var result = await DeliverAsync(destination);

        Assert.Equal($"otlp {Host}", destination.Name);
        Assert.Equal(DeliveryStatus.Retryable, result.Status);
        Assert.DoesNotContain("host-of-nobody", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deliver_EndpointIsASecret_GoesThere()
    {
        _reader.Texts[FakeSecretReader.Host] = $"{Backend.HttpUrl}\n";
        var destination = Destination(new Env { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"{Host}" });

        Assert.Equal(DeliveryStatus.Delivered, (await DeliverAsync(destination)).Status);
        Assert.Equal("/v1/logs", Backend.Requests[^1].Path);
    }

    private static SecretReference Host => new(FakeSecretReader.Host, null);

    private static Fault Refusal(string protocol) => protocol == "grpc" ? Fault.Grpc(16) : Fault.Http(401);

    private static async Task<DeliveryResult> DeliverAsync(IDestination destination) => await destination.DeliverAsync(DeliveryTestBench.LogPayload("x"), Cancelled);

    private IDestination Destination(string protocol, string key = Key) => Destination(new Env
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = protocol == "grpc" ? Backend.GrpcUrl : Backend.HttpUrl,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol,
        ["OTEL_EXPORTER_OTLP_HEADERS"] = $"authorization=Bearer%20{key}",
    });

    private IDestination Destination(Env environment)
    {
        var problems = new SettingProblems();
        var options = DeliveryOptions.From(environment.Read(problems));
        Assert.Empty(problems.Messages);
        return Assert.Single(OtlpDestinations.Create(options, _time, new SecretStore(_reader, TimeSpan.FromHours(1), _time, static () => 1)));
    }
}
