namespace TelemetryExtension.Configuration;

/// <param name="Port">
/// Where the Telemetry API delivers. Fixed, so that after a reset what the platform still sends to the subscription of the generation before
/// reaches this one; another one is taken when it is in use.
/// </param>
/// <param name="FollowSampling">Drop the spans of requests that X-Ray did not sample. Off: Lambda says that of every request when X-Ray is off.</param>
/// <param name="PlatformLogs">Every platform event as a log record too.</param>
internal sealed record TelemetryOptions(int Port, bool FollowSampling, bool PlatformLogs)
{
    public static TelemetryOptions From(Variables variables) => new(
        variables.Int("TELEMETRY_EXTENSION_TELEMETRY_PORT", 4327, 0, 65535),
        variables.Bool("TELEMETRY_EXTENSION_FOLLOW_XRAY_SAMPLING", false),
        variables.Bool("TELEMETRY_EXTENSION_PLATFORM_LOGS", false));
}
