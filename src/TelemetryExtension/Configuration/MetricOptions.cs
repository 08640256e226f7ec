using System.Runtime.InteropServices;
using Microsoft.Extensions.Configuration;

namespace TelemetryExtension.Configuration;

internal enum MetricTemporality : byte
{
    /// <summary>Each collection says what came since the one before; no state is lost with an environment.</summary>
    Delta = 1,

    /// <summary>Each collection says what came since the start.</summary>
    Cumulative = 2,
}

internal sealed record MetricSettings(
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_METRICS")] string? Enabled = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_METRICS_TEMPORALITY")] string? Temporality = null);

/// <param name="Enabled">Whether metrics are made at all; those of the function's own SDK are passed on in any case.</param>
/// <param name="Temporality">Delta, because every environment counts from zero and is gone soon; cumulative for backends that take nothing else.</param>
internal sealed record MetricOptions(bool Enabled, MetricTemporality Temporality, PriceTable Prices)
{
    private static readonly Dictionary<string, MetricTemporality> Temporalities =
        new() { ["delta"] = MetricTemporality.Delta, ["cumulative"] = MetricTemporality.Cumulative };

    public static MetricOptions From(MetricSettings raw, PriceSettings prices, SettingProblems problems) => new(
        Setting.Bool("TELEMETRY_EXTENSION_METRICS", raw.Enabled, true, problems),
        Setting.OneOf("TELEMETRY_EXTENSION_METRICS_TEMPORALITY", raw.Temporality, MetricTemporality.Delta, Temporalities, problems),
        PriceTable.From(prices, RuntimeInformation.ProcessArchitecture, problems));
}
