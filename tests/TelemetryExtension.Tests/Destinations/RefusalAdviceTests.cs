using System.Text;
using TelemetryExtension.Destinations;
using TelemetryExtension.Destinations.Otlp;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Destinations;

public sealed class RefusalAdviceTests
{
    /// <summary>Messages of Mimir, Prometheus, the collector's Prometheus exporters and VictoriaMetrics.</summary>
    [Theory]
    [InlineData("invalid temporality and type combination for metric \"faas.invocations\"")]
    [InlineData("otlp parse error: Delta metrics are not supported")]
    [InlineData("only cumulative sums can be converted")]
    public void For_MetricsRefusedForTheirTemporality_NamesTheSetting(string words)
    {
        var overHttp = Http(400, words);
        var overGrpc = GrpcResponse.Classify("3", 200, Uri.EscapeDataString(words), null, default);
        foreach (var answer in new[] { overHttp, overGrpc })
        {
            Assert.Contains("TELEMETRY_EXTENSION_METRICS_TEMPORALITY=cumulative", RefusalAdvice.For("otlp http://x", Signal.Metrics, answer), StringComparison.Ordinal);
            Assert.Null(RefusalAdvice.For("otlp http://x", Signal.Logs, answer));
        }
    }

    [Fact]
    public void For_TheWordComesLateInALongBody_IsFound()
    {
        var body = new string('x', 2000) + " invalid temporality";
        var answer = Http(400, body);
        Assert.Contains("TEMPORALITY", RefusalAdvice.For("otlp http://x", Signal.Metrics, answer), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("otlp http://x", 404, "TELEMETRY_EXTENSION_OTLP_SIGNALS")]
    [InlineData("otlp-2 http://x", 404, "TELEMETRY_EXTENSION_OTLP_2_SIGNALS")]
    [InlineData("otlp-3 http://x", 405, "TELEMETRY_EXTENSION_OTLP_3_SIGNALS")]
    [InlineData("otlp http://x", 401, "TELEMETRY_EXTENSION_OTLP_HEADERS")]
    [InlineData("otlp-2 http://x", 403, "TELEMETRY_EXTENSION_OTLP_2_HEADERS")]
    public void For_StatusTellsTheKind_NamesTheSettingOfThatDestination(string destination, int status, string setting)
    {
        var answer = Http(status, "no");
        Assert.Contains(setting, RefusalAdvice.For(destination, Signal.Logs, answer), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("12", "TELEMETRY_EXTENSION_OTLP_SIGNALS")]
    [InlineData("16", "TELEMETRY_EXTENSION_OTLP_HEADERS")]
    public void For_GrpcStatusTellsTheKind_NamesTheSetting(string status, string setting) =>
        Assert.Contains(setting, RefusalAdvice.For("otlp http://x", Signal.Logs, GrpcResponse.Classify(status, 200, null, null, default)), StringComparison.Ordinal);

    [Theory]
    [InlineData("otlp http://x", 500)]
    [InlineData("otlp http://x", 400)]
    [InlineData("cloudwatch group", 404)]
    public void For_UnknownRefusal_IsNull(string destination, int status) =>
        Assert.Null(RefusalAdvice.For(destination, Signal.Logs, Http(status, "no")));

    private static DeliveryResult Http(int status, string body) =>
        OtlpHttpResponse.Classify(new HttpAnswer(status, Encoding.UTF8.GetBytes(body), "text/plain"), default);
}
