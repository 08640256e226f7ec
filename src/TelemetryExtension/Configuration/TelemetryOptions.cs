using Microsoft.Extensions.Configuration;

namespace TelemetryExtension.Configuration;

internal sealed record TelemetrySettings(
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_TELEMETRY_PORT")] string? Port = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_FOLLOW_XRAY_SAMPLING")] string? FollowSampling = null,
    [property: ConfigurationKeyName("TELEMETRY_EXTENSION_PLATFORM_LOGS")] string? PlatformLogs = null);

/// <param name="Port">
/// Where the Telemetry API delivers. Fixed, so that after a reset what the platform still sends to the subscription of the generation before
/// reaches this one; another one is taken when it is in use.
/// </param>
/// <param name="FollowSampling">Drop the spans of requests that X-Ray did not sample. Off: Lambda says that of every request when X-Ray is off.</param>
/// <param name="PlatformLogs">Every platform event as a log record too.</param>
internal sealed record TelemetryOptions(int Port, bool FollowSampling, bool PlatformLogs)
{
    public static TelemetryOptions From(TelemetrySettings raw, SettingProblems problems) => new(
        Setting.Int("TELEMETRY_EXTENSION_TELEMETRY_PORT", raw.Port, 4327, 0, 65535, problems),
        Setting.Bool("TELEMETRY_EXTENSION_FOLLOW_XRAY_SAMPLING", raw.FollowSampling, false, problems),
        Setting.Bool("TELEMETRY_EXTENSION_PLATFORM_LOGS", raw.PlatformLogs, false, problems));
}
