using Microsoft.Extensions.Configuration;

namespace TelemetryExtension.Configuration;

/// <summary>The receiver's environment variables, as they are.</summary>
internal sealed record ReceiverSettings(
    [property: ConfigurationKeyName(ReceiverOptions.EnabledName)] string? Enabled = null,
    [property: ConfigurationKeyName(ReceiverOptions.AddressName)] string? Address = null,
    [property: ConfigurationKeyName(ReceiverOptions.HttpPortName)] string? HttpPort = null,
    [property: ConfigurationKeyName(ReceiverOptions.GrpcPortName)] string? GrpcPort = null,
    [property: ConfigurationKeyName(ReceiverOptions.MaxRequestBytesName)] string? MaxRequestBytes = null,
    [property: ConfigurationKeyName(ReceiverOptions.InFlightBytesName)] string? InFlightBytes = null,
    [property: ConfigurationKeyName(ReceiverOptions.EnrichResourceName)] string? EnrichResource = null);
