using TelemetryExtension.Configuration;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Configuration;

public sealed class DeferredEndpointsTests
{
    private const string Key = "${arn:aws:secretsmanager:eu-west-1:123456789012:secret:key}";
    private const string Bad = "${arn:aws:s3:::key}";

    private readonly SettingProblems _problems = new();

    [Fact]
    public void From_NoSecrets_NothingIsDeferred() =>
        Assert.All(Read(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://c", ["OTEL_EXPORTER_OTLP_HEADERS"] = "a=b" }).Destinations, destination => Assert.Null(destination.Deferred));

    [Fact]
    public void From_HeaderOfOneSignal_DefersThatSignalOnly()
    {
        var options = Read(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://c", ["OTEL_EXPORTER_OTLP_LOGS_HEADERS"] = $"a={Key}" });

        Assert.Equal(2, options.Destinations.Count);
        Assert.Equal((true, false), (options.Destinations[0][Signal.Traces] is not null, options.Destinations[0][Signal.Logs] is not null));
        Assert.Equal([Signal.Logs], options.Destinations[1].Deferred!.Signals);
        Assert.Equal("http://c", options.Destinations[1].Deferred!.ShownEndpoint);
        Assert.Equal(Key, $"${{{Assert.Single(options.SecretSources)}}}");
    }

    /// <summary>With an endpoint of our own no standard setting counts, so neither do secrets in one.</summary>
    [Fact]
    public void From_StandardHeaderBesideOurOwnEndpoint_IsNotRead() => Assert.Empty(Read(new()
    {
        ["TELEMETRY_EXTENSION_OTLP_ENDPOINT"] = "http://c",
        ["OTEL_EXPORTER_OTLP_HEADERS"] = $"a={Key}",
    }).SecretSources);

    [Theory]
    [InlineData("https://user:pass@c:4318/x?key=1", "https://c:4318")]
    [InlineData("c:4317", "c:4317")]
    public void ShownEndpoint_PlainEndpoint_IsItsOrigin(string endpoint, string shown) => Assert.Equal(shown, Read(new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint,
        ["OTEL_EXPORTER_OTLP_HEADERS"] = $"a={Key}",
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc",
    }).Destinations[0].Deferred!.ShownEndpoint);

    [Fact]
    public void Read_Values_AreInTheEndpoints()
    {
        var deferred = Read(new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"https://user:{Key}@c:4318",
            ["OTEL_EXPORTER_OTLP_CLIENT_KEY"] = Key,
            ["OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"] = "/c.pem",
            ["OTEL_EXPORTER_OTLP_COMPRESSION"] = "gzip",
        }).Destinations[0].Deferred!;
        var endpoint = deferred.Read(_ => "-----BEGIN PRIVATE KEY-----", _problems)[(int)Signal.Metrics]!;

        Assert.True(deferred.EndpointIsSecret);
        Assert.Equal(("https://c:4318/v1/metrics", true, "-----BEGIN PRIVATE KEY-----"), (endpoint.Url.AbsoluteUri, endpoint.Gzip, endpoint.Tls.ClientKey!.Value));
        Assert.StartsWith("Basic ", Assert.Single(endpoint.Headers).Value, StringComparison.Ordinal);
        Assert.Empty(_problems.Messages);
    }

    /// <summary>What a secret contains may be wrong like any setting, but is never shown.</summary>
    [Theory]
    [InlineData("ENDPOINT", "no url s3cr3t")]
    [InlineData("ENDPOINT", "http://s3cr3t/v1/logs")]
    [InlineData("ENDPOINT", "http://localhost:4318/s3cr3t")]
    [InlineData("HEADERS", "s3cr3t")]
    [InlineData("HEADERS", "x=s3cr3t\nz")]
    public void Read_BadValue_IsReportedWithoutIt(string option, string value)
    {
        var deferred = Read(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://c", [$"OTEL_EXPORTER_OTLP_{option}"] = Key }).Destinations[0].Deferred!;
        deferred.Read(_ => value, _problems);
        deferred.Read(_ => value, _problems);

        var message = Assert.Single(_problems.Messages);
        Assert.Contains($"OTEL_EXPORTER_OTLP_{option}", message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", message, StringComparison.Ordinal);
    }

    [Fact]
    public void From_OtherOptionsAreWrong_IsReportedAtStart()
    {
        Read(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://c", ["OTEL_EXPORTER_OTLP_HEADERS"] = $"a={Key}", ["OTEL_EXPORTER_OTLP_TIMEOUT"] = "soon" });
        Assert.Contains("TIMEOUT", Assert.Single(_problems.Messages), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData($"a={Bad},b=1,c={Key}", 1)]
    [InlineData($"a={Bad},b=1", 2)]
    public void From_ReferenceThatNamesNoSecret_IsReportedAndCostsItsHeader(string headers, int problems)
    {
        var destination = Assert.Single(Read(new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://c", ["OTEL_EXPORTER_OTLP_HEADERS"] = headers }).Destinations);
        var endpoint = destination.Deferred?.Read(_ => "k", new())[0] ?? destination[Signal.Traces]!;

        Assert.Equal(problems, _problems.Messages.Count);
        Assert.All(_problems.Messages, message => Assert.Contains("OTEL_EXPORTER_OTLP_HEADERS", message, StringComparison.Ordinal));
        Assert.DoesNotContain(endpoint.Headers, header => header.Key == "a");
        Assert.Contains(endpoint.Headers, header => header.Key == "b");
    }

    private DeliveryOptions Read(Env environment) => DeliveryOptions.From(environment.Read(_problems), 4318);
}
