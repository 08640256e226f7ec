namespace TelemetryExtension.Configuration;

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

    // Compressing and printing all that one environment may write.
    private static readonly TimeSpan ForStdout = TimeSpan.FromMilliseconds(350);

    // Printing what was compressed for a call that failed.
    private static readonly TimeSpan ForFallback = TimeSpan.FromMilliseconds(150);

    // Leaves the destinations a good part of Lambda's two seconds.
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(1);

    /// <summary>How much of the shutdown's time is kept back for dead letters: with CloudWatch Logs a call that gets no answer, and then stdout.</summary>
    public TimeSpan Reserve => Output switch
    {
        DeadLetterOutput.Off => TimeSpan.Zero,
        DeadLetterOutput.CloudWatch when Timeout + ForFallback < ForStdout => ForStdout,
        DeadLetterOutput.CloudWatch when Timeout + ForFallback < Most => Timeout + ForFallback,
        DeadLetterOutput.CloudWatch => Most,
        _ => ForStdout,
    };

    public static DeadLetterOptions From(Variables variables) => new(
        variables.OneOf("TELEMETRY_EXTENSION_DEAD_LETTERS", DeadLetterOutput.Stdout),
        new(
            CloudWatchOptions.Template(variables, "TELEMETRY_EXTENSION_DEAD_LETTER_LOG_GROUP", DefaultGroup)!,
            CloudWatchOptions.Template(variables, "TELEMETRY_EXTENSION_DEAD_LETTER_LOG_STREAM", DefaultStream)!,
            Create: true,
            CloudWatchOptions.Retention(variables, "TELEMETRY_EXTENSION_DEAD_LETTER_RETENTION_DAYS")),
        variables.Int("TELEMETRY_EXTENSION_DEAD_LETTER_MAX_BYTES", 4 * 1024 * 1024, 64 * 1024, 256 * 1024 * 1024),
        variables.Milliseconds("TELEMETRY_EXTENSION_DEAD_LETTER_TIMEOUT", 500, 50, 60_000));
}
