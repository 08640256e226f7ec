using Microsoft.Extensions.Configuration;

namespace TelemetryExtension.Configuration;

internal sealed record PriceSettings(
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_PRICE_PER_GB_SECOND")] string? PerGbSecond = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_PRICE_PER_MILLION_REQUESTS")] string? PerMillionRequests = null);
