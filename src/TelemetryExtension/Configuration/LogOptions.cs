namespace TelemetryExtension.Configuration;

/// <summary>The extension's own log level. Each level includes the ones before it.</summary>
internal enum LogLevel : byte
{
    Error,
    Warn,
    Info,
    Debug,
}

internal readonly record struct LogOptions(LogLevel Level)
{
    public static LogOptions From(Variables variables) => new(variables.OneOf("TELEMETRY_EXTENSION_LOG_LEVEL", LogLevel.Info));
}
