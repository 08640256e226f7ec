using System.Runtime.InteropServices;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Configuration;

internal enum MetricTemporality : byte
{
    /// <summary>Each collection contains the change since the previous one. No state is lost with an environment.</summary>
    Delta = 1,

    /// <summary>Each collection contains the total since the start.</summary>
    Cumulative = 2,
}

internal enum LedgerNames : byte
{
    /// <summary>All counts have our names.</summary>
    Own,

    /// <summary>Finished exports have the names that the semantic conventions give to exporters.</summary>
    Otel,
}

/// <param name="Enabled">Whether the extension makes metrics. Metrics of the function's own SDK pass in any case.</param>
/// <param name="Temporality">
/// Delta, because every environment counts from zero and is short-lived. Cumulative for backends that accept nothing else, as far as their address
/// tells.
/// </param>
/// <param name="Ledger">Whether they include the ledger. Some backends bill each name of a metric.</param>
/// <param name="LedgerNames">The names of the ledger's metrics.</param>
/// <param name="ByTenant">Whether the metrics of an invocation have its tenant. Each tenant is a time series more.</param>
internal sealed record MetricOptions(
    bool Enabled, MetricTemporality Temporality, PriceTable Prices, bool Ledger = true, LedgerNames LedgerNames = LedgerNames.Own, bool ByTenant = false)
{
    /// <summary>Grafana Cloud refuses deltas, like every Prometheus-type store.</summary>
    private const string GrafanaCloud = ".grafana.net";

    /// <summary>Where Prometheus itself takes OTLP.</summary>
    private const string PathOfPrometheus = "/api/v1/otlp/";

    public static MetricOptions From(Variables variables, DeliveryOptions delivery) => new(
        variables.Bool("TELEMETRY_EXTENSION_METRICS", true),
        variables.OneOf("TELEMETRY_EXTENSION_METRICS_TEMPORALITY", TemporalityFor(delivery)),
        PriceTable.From(variables, RuntimeInformation.ProcessArchitecture),
        variables.Bool("TELEMETRY_EXTENSION_METRICS_LEDGER", true),
        variables.OneOf("TELEMETRY_EXTENSION_METRICS_LEDGER_NAMES", LedgerNames.Own),
        variables.Bool("TELEMETRY_EXTENSION_METRICS_BY_TENANT", false));

    /// <summary>There is one temporality for all destinations, so every one must be known to need cumulative points.</summary>
    private static MetricTemporality TemporalityFor(DeliveryOptions delivery)
    {
        var endpoints = delivery.Destinations.Select(static destination => destination[Signal.Metrics]).OfType<OtlpEndpoint>().ToList();
        return endpoints.Count > 0 && endpoints.TrueForAll(static endpoint => RefusesDeltas(endpoint.Url)) ? MetricTemporality.Cumulative : MetricTemporality.Delta;
    }

    private static bool RefusesDeltas(Uri url) =>
        url.Host.EndsWith(GrafanaCloud, StringComparison.OrdinalIgnoreCase) || url.AbsolutePath.StartsWith(PathOfPrometheus, StringComparison.Ordinal);
}
