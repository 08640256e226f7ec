using System.Globalization;

namespace TelemetryExtension.Configuration;

/// <summary>The resource attributes in environment variables. Lambda sets those of the platform.</summary>
internal sealed record ResourceOptions(
    string? ResourceAttributes = null,
    string? ServiceName = null,
    string? Region = null,
    string? FunctionName = null,
    string? FunctionVersion = null,
    int? MemorySizeMb = null,
    string? LogGroupName = null)
{
    public static ResourceOptions From(Variables variables) => new(
        variables.Text("OTEL_RESOURCE_ATTRIBUTES"),
        variables.Text("OTEL_SERVICE_NAME"),
        variables.Text("AWS_REGION") ?? variables.Text("AWS_DEFAULT_REGION"),
        variables.Text("AWS_LAMBDA_FUNCTION_NAME"),
        variables.Text("AWS_LAMBDA_FUNCTION_VERSION"),
        int.TryParse(variables.Text("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), NumberStyles.None, CultureInfo.InvariantCulture, out var mb) && mb > 0 ? mb : null,
        variables.Text("TELEMETRY_EXTENSION_LOG_GROUP") ?? variables.Text("AWS_LAMBDA_LOG_GROUP_NAME"));
}
