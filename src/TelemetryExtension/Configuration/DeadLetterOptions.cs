namespace TelemetryExtension.Configuration;

/// <summary>The output for dead letters.</summary>
internal enum DeadLetterOutput : byte
{
    Off,

    /// <summary>Lambda ships standard output to the function's log group. That needs no permission, no connection and no time.</summary>
    Stdout,

    /// <summary>To a log group of their own, and to stdout when that fails.</summary>
    CloudWatch,
}

/// <param name="MaxBytes">The limit for all lines of one environment. More than that is an outage, not a gap.</param>
/// <param name="Timeout">For each call of CloudWatch Logs. The rest of the time is for stdout.</param>
internal sealed record DeadLetterOptions(DeadLetterOutput Output, LogTarget Target, int MaxBytes, TimeSpan Timeout)
{
    public const string DefaultGroup = "/telemetry-extension/dead-letters";
    public const string DefaultStream = "{function}/{instance}";

    // Time to compress and print the maximum of one environment.
    private static readonly TimeSpan ForStdout = TimeSpan.FromMilliseconds(350);

    // Time to print what was compressed for a failed call.
    private static readonly TimeSpan ForFallback = TimeSpan.FromMilliseconds(150);

    // Leaves the destinations a large part of Lambda's two seconds.
    private static readonly TimeSpan MaxReserve = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The part of the shutdown's time that is reserved for dead letters. With CloudWatch Logs it allows a call without an answer and then stdout.
    /// </summary>
    public TimeSpan Reserve => Output switch
    {
        DeadLetterOutput.Off => TimeSpan.Zero,
        DeadLetterOutput.CloudWatch when Timeout + ForFallback < ForStdout => ForStdout,
        DeadLetterOutput.CloudWatch when Timeout + ForFallback < MaxReserve => Timeout + ForFallback,
        DeadLetterOutput.CloudWatch => MaxReserve,
        _ => ForStdout,
    };

    public static DeadLetterOptions From(Variables variables) => new(
        variables.OneOf("TELEMETRY_EXTENSION_DEAD_LETTERS", DeadLetterOutput.Stdout),
        new(
            CloudWatchOptions.Template(variables, "TELEMETRY_EXTENSION_DEAD_LETTER_LOG_GROUP", DefaultGroup)!,
            CloudWatchOptions.Template(variables, "TELEMETRY_EXTENSION_DEAD_LETTER_LOG_STREAM", DefaultStream)!,
            Create: true,
            CloudWatchOptions.Retention(variables, "TELEMETRY_EXTENSION_DEAD_LETTER_RETENTION_DAYS")),
        variables.Bytes("TELEMETRY_EXTENSION_DEAD_LETTER_MAX_BYTES", 4 * 1024 * 1024, 64 * 1024, 256 * 1024 * 1024),
        variables.Milliseconds("TELEMETRY_EXTENSION_DEAD_LETTER_TIMEOUT", 500, 50, 60_000));
}
