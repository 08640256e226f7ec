using Microsoft.Extensions.Configuration;

namespace TelemetryExtension.Receiver;

/// <summary>The receiver's environment variables, as they are.</summary>
internal sealed record ReceiverSettings(
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_RECEIVER")] string? Enabled = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_RECEIVER_ADDRESS")] string? Address = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_HTTP_PORT")] string? HttpPort = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_GRPC_PORT")] string? GrpcPort = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_MAX_REQUEST_BYTES")] string? MaxRequestBytes = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_IN_FLIGHT_BYTES")] string? InFlightBytes = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_OTLP_ENRICH_RESOURCE")] string? EnrichResource = null);
