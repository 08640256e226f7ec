using TelemetryExtension.CloudWatch;
using TelemetryExtension.Settings;

namespace TelemetryExtension.DeadLetters;

/// <summary>Where dead letters go.</summary>
internal enum DeadLetterOutput : byte
{
    Off,

    /// <summary>Lambda ships our standard output to the function's log group: no permission, no connection, no time.</summary>
    Stdout,

    /// <summary>To a log group of their own, and to stdout what cannot be put there.</summary>
    CloudWatch,
}

/// <param name="MaxBytes">Of all lines that one environment writes: more than that is not a gap, it is an outage.</param>
/// <param name="Timeout">For each call of CloudWatch Logs; what is left of the time then is stdout's.</param>
internal sealed record DeadLetterOptions(DeadLetterOutput Output, LogTarget Target, int MaxBytes, TimeSpan Timeout)
{
    public const string DefaultGroup = "/telemetry-extension/dead-letters";
    public const string DefaultStream = "{function}/{instance}";

    private static readonly Dictionary<string, DeadLetterOutput> Choices =
        new() { ["off"] = DeadLetterOutput.Off, ["stdout"] = DeadLetterOutput.Stdout, ["cloudwatch"] = DeadLetterOutput.CloudWatch };

    public static DeadLetterOptions From(DeadLetterSettings raw, SettingProblems problems) => new(
        Setting.OneOf("TELEMETRY_EXTENSION_DEAD_LETTERS", raw.Output, DeadLetterOutput.Stdout, Choices, problems),
        new(
            CloudWatchOptions.Template("TELEMETRY_EXTENSION_DEAD_LETTER_LOG_GROUP", raw.LogGroup, DefaultGroup, problems)!,
            CloudWatchOptions.Template("TELEMETRY_EXTENSION_DEAD_LETTER_LOG_STREAM", raw.LogStream, DefaultStream, problems)!,
            Create: true,
            CloudWatchOptions.Retention("TELEMETRY_EXTENSION_DEAD_LETTER_RETENTION_DAYS", raw.RetentionDays, problems)),
        Setting.Int("TELEMETRY_EXTENSION_DEAD_LETTER_MAX_BYTES", raw.MaxBytes, 4 * 1024 * 1024, 64 * 1024, 256 * 1024 * 1024, problems),
        TimeSpan.FromMilliseconds(Setting.Int("TELEMETRY_EXTENSION_DEAD_LETTER_TIMEOUT", raw.Timeout, 500, 50, 60_000, problems)));
}
