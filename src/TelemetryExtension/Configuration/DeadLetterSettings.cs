using Microsoft.Extensions.Configuration;

namespace TelemetryExtension.Configuration;

internal sealed record DeadLetterSettings(
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_DEAD_LETTERS")] string? Output = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_DEAD_LETTER_LOG_GROUP")] string? LogGroup = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_DEAD_LETTER_LOG_STREAM")] string? LogStream = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_DEAD_LETTER_RETENTION_DAYS")] string? RetentionDays = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_DEAD_LETTER_MAX_BYTES")] string? MaxBytes = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_DEAD_LETTER_TIMEOUT")] string? Timeout = null);
