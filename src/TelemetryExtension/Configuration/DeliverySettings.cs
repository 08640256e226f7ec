using Microsoft.Extensions.Configuration;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Configuration;

/// <summary>
/// Where telemetry goes, as the environment says it. The OpenTelemetry names are those of the specification (OTLP exporter
/// configuration); the TELEMETRY_EXTENSION_OTLP_ ones win over them, because the function's own SDK reads the standard names too
/// and may point them at our receiver. With an endpoint of our own, nothing of the standard names holds: the protocol, key or certificate there
/// is meant for the way from the SDK. _2_ and _3_ add destinations that get a copy of everything.
/// </summary>
internal sealed record DeliverySettings(
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_ENDPOINT")] string? OwnEndpoint = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_PROTOCOL")] string? OwnProtocol = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_HEADERS")] string? OwnHeaders = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_TIMEOUT")] string? OwnTimeout = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_COMPRESSION")] string? OwnCompression = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_CERTIFICATE")] string? OwnCertificate = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_CLIENT_KEY")] string? OwnClientKey = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_CLIENT_CERTIFICATE")] string? OwnClientCertificate = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_INSECURE")] string? OwnInsecure = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_2_ENDPOINT")] string? SecondEndpoint = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_2_PROTOCOL")] string? SecondProtocol = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_2_HEADERS")] string? SecondHeaders = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_2_TIMEOUT")] string? SecondTimeout = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_2_COMPRESSION")] string? SecondCompression = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_2_CERTIFICATE")] string? SecondCertificate = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_2_SIGNALS")] string? SecondSignals = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_3_ENDPOINT")] string? ThirdEndpoint = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_3_PROTOCOL")] string? ThirdProtocol = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_3_HEADERS")] string? ThirdHeaders = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_3_TIMEOUT")] string? ThirdTimeout = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_3_COMPRESSION")] string? ThirdCompression = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_3_CERTIFICATE")] string? ThirdCertificate = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_3_SIGNALS")] string? ThirdSignals = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_ENDPOINT")] string? Endpoint = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_PROTOCOL")] string? Protocol = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_HEADERS")] string? Headers = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_TIMEOUT")] string? Timeout = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_COMPRESSION")] string? Compression = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_CERTIFICATE")] string? Certificate = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_CLIENT_KEY")] string? ClientKey = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE")] string? ClientCertificate = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_INSECURE")] string? Insecure = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")] string? TracesEndpoint = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")] string? TracesProtocol = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_TRACES_HEADERS")] string? TracesHeaders = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT")] string? TracesTimeout = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION")] string? TracesCompression = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE")] string? TracesCertificate = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY")] string? TracesClientKey = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE")] string? TracesClientCertificate = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_TRACES_INSECURE")] string? TracesInsecure = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")] string? MetricsEndpoint = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL")] string? MetricsProtocol = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_METRICS_HEADERS")] string? MetricsHeaders = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT")] string? MetricsTimeout = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION")] string? MetricsCompression = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE")] string? MetricsCertificate = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY")] string? MetricsClientKey = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE")] string? MetricsClientCertificate = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_METRICS_INSECURE")] string? MetricsInsecure = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT")] string? LogsEndpoint = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL")] string? LogsProtocol = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_LOGS_HEADERS")] string? LogsHeaders = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT")] string? LogsTimeout = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION")] string? LogsCompression = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE")] string? LogsCertificate = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY")] string? LogsClientKey = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE")] string? LogsClientCertificate = null,
    [property: ConfigurationKeyName("OTEL_EXPORTER_OTLP_LOGS_INSECURE")] string? LogsInsecure = null)
{
    private const string OwnPrefix = "TELEMETRY_EXTENSION_OTLP_";
    private const string StandardPrefix = "OTEL_EXPORTER_OTLP_";

    /// <summary>Null from the binder means that nothing is set.</summary>
    public static DeliverySettings Bind(IConfiguration configuration) => configuration.Get<DeliverySettings>() ?? new();

    /// <summary>The values that hold for one signal of the first destination, the strongest first.</summary>
    public OtlpLevel[] LevelsOf(Signal signal) =>
    [
        new(OwnPrefix, OwnEndpoint, OwnProtocol, OwnHeaders, OwnTimeout, OwnCompression, OwnCertificate, OwnClientKey, OwnClientCertificate,
            OwnInsecure, StandsAlone: true),
        signal switch
        {
            Signal.Traces => new(StandardPrefix + "TRACES_", TracesEndpoint, TracesProtocol, TracesHeaders, TracesTimeout, TracesCompression,
                TracesCertificate, TracesClientKey, TracesClientCertificate, TracesInsecure, EndpointIsExact: true),
            Signal.Metrics => new(StandardPrefix + "METRICS_", MetricsEndpoint, MetricsProtocol, MetricsHeaders, MetricsTimeout, MetricsCompression,
                MetricsCertificate, MetricsClientKey, MetricsClientCertificate, MetricsInsecure, EndpointIsExact: true),
            _ => new(StandardPrefix + "LOGS_", LogsEndpoint, LogsProtocol, LogsHeaders, LogsTimeout, LogsCompression,
                LogsCertificate, LogsClientKey, LogsClientCertificate, LogsInsecure, EndpointIsExact: true),
        },
        new(StandardPrefix, Endpoint, Protocol, Headers, Timeout, Compression, Certificate, ClientKey, ClientCertificate, Insecure),
    ];

    public OtlpLevel Second => new(OwnPrefix + "2_", SecondEndpoint, SecondProtocol, SecondHeaders, SecondTimeout, SecondCompression, SecondCertificate);

    public OtlpLevel Third => new(OwnPrefix + "3_", ThirdEndpoint, ThirdProtocol, ThirdHeaders, ThirdTimeout, ThirdCompression, ThirdCertificate);

    /// <summary>Values may be credentials: a record would print them.</summary>
    public override string ToString() => nameof(DeliverySettings);
}

/// <summary>The options of one prefix. Precedence holds for each option apart: a signal's headers replace the general ones, they are not merged.</summary>
/// <param name="EndpointIsExact">A per-signal endpoint is the whole URL: no v1/... is appended.</param>
/// <param name="StandsAlone">An endpoint here takes no option from other levels, and they none from here.</param>
internal readonly record struct OtlpLevel(
    string Prefix,
    string? Endpoint,
    string? Protocol,
    string? Headers,
    string? Timeout,
    string? Compression,
    string? Certificate,
    string? ClientKey = null,
    string? ClientCertificate = null,
    string? Insecure = null,
    bool EndpointIsExact = false,
    bool StandsAlone = false)
{
    public override string ToString() => Prefix;
}
