namespace TelemetryExtension.Configuration;

/// <summary>What is left out of the telemetry, and what is changed in it. By default nothing.</summary>
/// <param name="MetricsAllowed">The names of the metrics to send. Empty for all.</param>
/// <param name="MetricsDenied">The names of metrics that are left out, even if they are allowed.</param>
internal sealed record ShapingOptions(
    SamplingOptions Sampling, LogFilterOptions Logs, RedactionOptions Redaction, AttributeOptions Attributes, NameList MetricsAllowed, NameList MetricsDenied)
{
    public static ShapingOptions From(Variables variables) => new(
        SamplingOptions.From(variables),
        LogFilterOptions.From(variables),
        RedactionOptions.From(variables),
        AttributeOptions.From(variables),
        NameList.From(variables, "TELEMETRY_EXTENSION_METRICS_ALLOW"),
        NameList.From(variables, "TELEMETRY_EXTENSION_METRICS_DENY"));
}
