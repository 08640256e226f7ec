namespace TelemetryExtension.Configuration;

/// <param name="Port">
/// The port for the Telemetry API. It is fixed, so that after a reset this process receives what the platform still sends to the previous
/// subscription. When it is in use, another port is taken.
/// </param>
/// <param name="FollowSampling">
/// Drop the spans of requests that X-Ray did not sample. Off by default: without X-Ray, Lambda marks every request as unsampled.
/// </param>
/// <param name="PlatformLogs">Whether every platform event also becomes a log record.</param>
/// <param name="Parent">Whether invocations have the parent that the X-Ray header names.</param>
internal sealed record TelemetryOptions(int Port, bool FollowSampling, bool PlatformLogs, ParentRule Parent = ParentRule.Auto)
{
    public static TelemetryOptions From(Variables variables) => new(
        variables.Int("TELEMETRY_EXTENSION_TELEMETRY_PORT", 4327, 0, 65535),
        variables.Bool("TELEMETRY_EXTENSION_FOLLOW_XRAY_SAMPLING", false),
        variables.Bool("TELEMETRY_EXTENSION_PLATFORM_LOGS", false),
        variables.OneOf("TELEMETRY_EXTENSION_XRAY_PARENT", ParentRule.Auto));
}
