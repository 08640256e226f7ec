using Microsoft.Extensions.Configuration;

namespace TelemetryExtension.Configuration;

/// <summary>What the environment variables say about the resource; those of Lambda are set by the platform.</summary>
internal sealed record ResourceSettings(
    [property: ConfigurationKeyName("OTEL_RESOURCE_ATTRIBUTES")] string? ResourceAttributes = null,
    [property: ConfigurationKeyName("OTEL_SERVICE_NAME")] string? ServiceName = null,
    [property: ConfigurationKeyName("AWS_REGION")] string? Region = null,
    [property: ConfigurationKeyName("AWS_DEFAULT_REGION")] string? DefaultRegion = null,
    [property: ConfigurationKeyName("AWS_LAMBDA_FUNCTION_NAME")] string? FunctionName = null,
    [property: ConfigurationKeyName("AWS_LAMBDA_FUNCTION_VERSION")] string? FunctionVersion = null,
    [property: ConfigurationKeyName("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")] string? MemorySizeMb = null,
    [property: ConfigurationKeyName("AWS_LAMBDA_LOG_GROUP_NAME")] string? LogGroupName = null);
