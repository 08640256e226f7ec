using Microsoft.Extensions.Configuration;

namespace TelemetryExtension.Configuration;

/// <summary>The raw settings of the destination CloudWatch Logs; naming a log group switches it on.</summary>
internal sealed record CloudWatchSettings(
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP")] string? LogGroup = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_CLOUDWATCH_LOG_STREAM")] string? LogStream = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_CLOUDWATCH_LOGS")] string? Logs = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_CLOUDWATCH_SPANS")] string? Spans = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_CLOUDWATCH_RESOURCE")] string? Resource = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_CLOUDWATCH_CREATE")] string? Create = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_CLOUDWATCH_RETENTION_DAYS")] string? RetentionDays = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_CLOUDWATCH_MAX_EVENT_BYTES")] string? MaxEventBytes = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_EMF")] string? Emf = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_EMF_NAMESPACE")] string? EmfNamespace = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_EMF_DIMENSIONS")] string? EmfDimensions = null);
