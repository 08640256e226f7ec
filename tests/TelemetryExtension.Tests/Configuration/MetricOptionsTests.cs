using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Configuration;

public sealed class MetricOptionsTests
{
    private const string First = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string Second = "TELEMETRY_EXTENSION_OTLP_2_ENDPOINT";

    [Theory]
    [InlineData("https://otlp-gateway-prod-eu-west-2.grafana.net/otlp", null, nameof(MetricTemporality.Cumulative))]
    [InlineData("http://prometheus:9090/api/v1/otlp", null, nameof(MetricTemporality.Cumulative))]
    [InlineData("https://otlp-gateway-prod-eu-west-2.grafana.net/otlp", "http://prometheus:9090/api/v1/otlp", nameof(MetricTemporality.Cumulative))]
    [InlineData("https://otlp-gateway-prod-eu-west-2.grafana.net/otlp", "https://otlp.nr-data.net", nameof(MetricTemporality.Delta))]
    [InlineData("https://grafana.net.example.com", null, nameof(MetricTemporality.Delta))]
    [InlineData(null, null, nameof(MetricTemporality.Delta))]
    public void From_NoTemporality_IsTheOneThatEveryBackendTakes(string? first, string? second, string expected) =>
        Assert.Equal(expected, Read(new() { [First] = first, [Second] = second }).Temporality.ToString());

    [Fact]
    public void From_BackendWithoutMetrics_HasNoSay() => Assert.Equal(
        MetricTemporality.Cumulative,
        Read(new() { [First] = "https://x.grafana.net/otlp", [Second] = "https://otlp.nr-data.net", ["TELEMETRY_EXTENSION_OTLP_2_SIGNALS"] = "logs" }).Temporality);

    [Fact]
    public void From_Temporality_WinsOverTheBackend() => Assert.Equal(
        MetricTemporality.Delta, Read(new() { [First] = "https://x.grafana.net/otlp", ["TELEMETRY_EXTENSION_METRICS_TEMPORALITY"] = "delta" }).Temporality);

    [Theory]
    [InlineData(null, nameof(LedgerNames.Own))]
    [InlineData("own", nameof(LedgerNames.Own))]
    [InlineData(" OTel ", nameof(LedgerNames.Otel))]
    public void From_LedgerNames_AreOursUnlessAskedFor(string? value, string expected) =>
        Assert.Equal(expected, Read(new() { ["TELEMETRY_EXTENSION_METRICS_LEDGER_NAMES"] = value }).LedgerNames.ToString());

    private static MetricOptions Read(Env environment)
    {
        var variables = environment.Read();
        return MetricOptions.From(variables, DeliveryOptions.From(variables));
    }
}
