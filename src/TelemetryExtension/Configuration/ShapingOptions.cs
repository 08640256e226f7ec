namespace TelemetryExtension.Configuration;

/// <summary>What is left out of the telemetry, and what is changed in it. By default nothing.</summary>
internal sealed record ShapingOptions(SamplingOptions Sampling)
{
    public static ShapingOptions From(Variables variables) => new(SamplingOptions.From(variables));
}
