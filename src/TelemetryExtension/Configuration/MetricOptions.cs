using System.Runtime.InteropServices;

namespace TelemetryExtension.Configuration;

internal enum MetricTemporality : byte
{
    /// <summary>Each collection contains the change since the previous one. No state is lost with an environment.</summary>
    Delta = 1,

    /// <summary>Each collection contains the total since the start.</summary>
    Cumulative = 2,
}

/// <param name="Enabled">Whether the extension makes metrics. Metrics of the function's own SDK pass in any case.</param>
/// <param name="Temporality">
/// Delta, because every environment counts from zero and is short-lived. Cumulative for backends that accept nothing else.
/// </param>
internal sealed record MetricOptions(bool Enabled, MetricTemporality Temporality, PriceTable Prices)
{
    public static MetricOptions From(Variables variables) => new(
        variables.Bool("TELEMETRY_EXTENSION_METRICS", true),
        variables.OneOf("TELEMETRY_EXTENSION_METRICS_TEMPORALITY", MetricTemporality.Delta),
        PriceTable.From(variables, RuntimeInformation.ProcessArchitecture));
}
