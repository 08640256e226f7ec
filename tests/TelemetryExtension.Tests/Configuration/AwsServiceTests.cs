using TelemetryExtension.Configuration;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Configuration;

public sealed class AwsServiceTests
{
    private readonly SettingProblems _problems = new();

    [Theory]
    [InlineData("xray.eu-west-1.amazonaws.com", "xray", "eu-west-1")]
    [InlineData("LOGS.us-east-1.amazonaws.com.", "logs", "us-east-1")]
    [InlineData("monitoring-fips.us-gov-west-1.amazonaws.com", "monitoring", "us-gov-west-1")]
    [InlineData("logs.cn-north-1.amazonaws.com.cn", "logs", "cn-north-1")]
    [InlineData("xray.eu-west-1.api.aws", "xray", "eu-west-1")]
    [InlineData("logs.eusc-de-east-1.amazonaws.eu", "logs", "eusc-de-east-1")]
    [InlineData("vpce-0abc-1def.xray.eu-west-1.vpce.amazonaws.com", "xray", "eu-west-1")]
    public void OfHost_OtlpEndpointOfAws_IsItsServiceAndRegion(string host, string service, string region) => Assert.Equal(new(service, region), AwsService.OfHost(host));

    [Theory]
    [InlineData("otlp.example.com")]
    [InlineData("xray.eu-west-1.amazonaws.com.evil.com")]
    [InlineData("xrayXeu-west-1.amazonaws.com")]
    [InlineData("s3.eu-west-1.amazonaws.com")]
    [InlineData("my.xray.eu-west-1.amazonaws.com")]
    [InlineData("xray.amazonaws.com")]
    [InlineData("vpce-1.s3.eu-west-1.vpce.amazonaws.com")]
    [InlineData("amazonaws.com")]
    [InlineData("10.0.0.1")]
    public void OfHost_AnyOther_IsNone(string host) => Assert.Null(AwsService.OfHost(host));

    /// <summary>A bearer token is a header like any other. AWS takes either.</summary>
    [Theory]
    [InlineData(null, null, "https://xray.eu-west-1.amazonaws.com", "xray eu-west-1 True")]
    [InlineData("auto", "authorization=Bearer%20x", "https://xray.eu-west-1.amazonaws.com", "xray eu-west-1 False")]
    [InlineData("off", null, "https://xray.eu-west-1.amazonaws.com", "xray eu-west-1 False")]
    [InlineData(null, null, "https://c", null)]
    [InlineData("off", null, "https://c", null)]
    [InlineData("on", null, "https://c", "xray eu-central-1 True")]
    [InlineData("ON", null, "https://xray.us-east-1.amazonaws.com", "xray us-east-1 True")]
    [InlineData("osis", null, "https://c", "osis eu-central-1 True")]
    public void Read_SettingAndHost_DecideWhoSigns(string? setting, string? headers, string endpoint, string? expected)
    {
        var aws = Read(setting, headers, endpoint)[Signal.Traces]!.Aws;

        Assert.Equal(expected, aws is null ? null : $"{aws.Name} {aws.Region} {aws.Signs}");
        Assert.Empty(_problems.Messages);
    }

    [Theory]
    [InlineData("xr ay!", null, "eu-central-1", "is not one of auto, off, on")]
    [InlineData("on", "authorization=Bearer%20x", "eu-central-1", "beside an authorization header")]
    [InlineData("on", null, null, "needs AWS_REGION")]
    public void Read_CannotSign_IsReportedOnceAndNotSigned(string setting, string? headers, string? region, string problem)
    {
        var destination = Read(setting, headers, "https://c", region);

        Assert.All(Enum.GetValues<Signal>(), signal => Assert.Null(destination[signal]!.Aws));
        var message = Assert.Single(_problems.Messages);
        Assert.Contains(problem, message, StringComparison.Ordinal);
        Assert.StartsWith("TELEMETRY_EXTENSION_OTLP_SIGV4", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_On_IsForTheServiceOfEachSignal()
    {
        var destination = Read("on", null, "https://c");
        Assert.Equal(["xray", "monitoring", "logs"], Enum.GetValues<Signal>().Select(signal => destination[signal]!.Aws!.Name));
    }

    [Fact]
    public void Read_GrpcToAws_IsReportedAndHttpIsUsed()
    {
        var options = DeliveryOptions.From(new Env { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "https://xray.eu-west-1.amazonaws.com", ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc" }.Read(_problems));
        var endpoint = options.Destinations[0][Signal.Traces]!;

        Assert.Equal((OtlpProtocol.HttpProtobuf, "https://xray.eu-west-1.amazonaws.com/v1/traces"), (endpoint.Protocol, endpoint.Url.AbsoluteUri));
        Assert.Contains("OTEL_EXPORTER_OTLP_PROTOCOL", Assert.Single(_problems.Messages), StringComparison.Ordinal);
    }

    private OtlpDestinationOptions Read(string? setting, string? headers, string endpoint, string? region = "eu-central-1") => DeliveryOptions.From(new Env
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint,
        ["OTEL_EXPORTER_OTLP_HEADERS"] = headers,
        ["TELEMETRY_EXTENSION_OTLP_SIGV4"] = setting,
        ["AWS_REGION"] = region,
    }.Read(_problems)).Destinations[0];
}
