using System.Runtime.InteropServices;

namespace TelemetryExtension.Configuration;

internal enum MetricTemporality : byte
{
    /// <summary>Each collection says what came since the one before; no state is lost with an environment.</summary>
    Delta = 1,

    /// <summary>Each collection says what came since the start.</summary>
    Cumulative = 2,
}

/// <param name="Enabled">Whether metrics are made at all; those of the function's own SDK are passed on in any case.</param>
/// <param name="Temporality">Delta, because every environment counts from zero and is gone soon; cumulative for backends that take nothing else.</param>
internal sealed record MetricOptions(bool Enabled, MetricTemporality Temporality, PriceTable Prices)
{
    public static MetricOptions From(Variables variables) => new(
        variables.Bool("TELEMETRY_EXTENSION_METRICS", true),
        variables.OneOf("TELEMETRY_EXTENSION_METRICS_TEMPORALITY", MetricTemporality.Delta),
        PriceTable.From(variables, RuntimeInformation.ProcessArchitecture));
}
