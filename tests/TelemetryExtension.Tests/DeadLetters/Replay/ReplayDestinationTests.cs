using TelemetryExtension.DeadLetters.Replay;
using TelemetryExtension.Destinations;
using TelemetryExtension.Destinations.Otlp;
using TelemetryExtension.Otlp;
using TelemetryExtension.Tests.Configuration;

namespace TelemetryExtension.Tests.DeadLetters.Replay;

public sealed class ReplayDestinationTests
{
    [Fact]
    public void Create_HttpEndpoint_TakesAllSignals()
    {
        var destination = Create(new(new("http://backend.test:4318/base"), [new("X-Key", "a,b=c %")], "http/protobuf"));
        Assert.True(destination.Accepts(Signal.Traces) && destination.Accepts(Signal.Metrics) && destination.Accepts(Signal.Logs));
        Assert.IsType<OtlpHttpDestination>(destination);
    }

    [Fact]
    public void Create_Grpc_IsGrpc() => Assert.IsType<OtlpGrpcDestination>(Create(new(new("http://backend.test:4317"), [], "grpc")));

    [Theory]
    [InlineData("content-length", "1")]
    [InlineData("two words", "1")]
    [InlineData("x-key", "line\nbreak")]
    public void Create_HeaderThatCannotBeSet_SaysWhich(string name, string value)
    {
        var exception = Assert.Throws<ArgumentException>(() => Create(new(new("http://backend.test"), [new("x-good", "1"), new(name, value)], "http/protobuf")));
        Assert.Contains(name, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_EndpointsOfTheEnvironment_AreNotUsed()
    {
        var destination = ReplayDestination.Create(
            new(new("http://backend.test"), [], "http/protobuf"), new Env { ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = "http://other.test", ["TELEMETRY_EXTENSION_OTLP_2_ENDPOINT"] = "http://second.test" }.Read(), TimeProvider.System, TextWriter.Null);
        Assert.Equal("otlp http://backend.test", destination.Name);
    }

    /// <summary>A mistake has the same remedy as in Lambda, and the message names the option that the user typed.</summary>
    [Theory]
    [InlineData("http://backend.test:4318/v1/traces")]
    [InlineData("http://backend.test:4318/v1/logs/")]
    public void Create_EndpointWithASignalsPath_IsUsedWithoutIt(string endpoint)
    {
        var notes = new StringWriter();
        var destination = ReplayDestination.Create(new(new(endpoint), [], "http/protobuf"), new Env().Read(), TimeProvider.System, notes);
        Assert.Equal("otlp http://backend.test:4318", destination.Name);
        Assert.StartsWith("replay: --endpoint ends in /v1/", notes.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("OTEL_", notes.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Create_EndpointThatCannotBeUsed_SaysSoOfTheOption()
    {
        var exception = Assert.Throws<ArgumentException>(() => Create(new(new("ftp://backend.test"), [], "http/protobuf")));
        Assert.StartsWith("--endpoint cannot be used: --endpoint is not", exception.Message, StringComparison.Ordinal);
    }

    private static IDestination Create(ReplayTarget target) => ReplayDestination.Create(target, new Env().Read(), TimeProvider.System, TextWriter.Null);
}
