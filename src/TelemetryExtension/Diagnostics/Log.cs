using TelemetryExtension.Configuration;

namespace TelemetryExtension.Diagnostics;

/// <summary>
/// The log of this process: lines on standard output, which Lambda ships to the function's log group. A repeated message is logged once per process,
/// and the ledger counts the repetitions. The extension does not subscribe to its own stream, so its lines cannot feed back. Never blocks, never
/// throws.
/// </summary>
internal static class Log
{
    /// <summary>Keys may come from outside, such as the type of an unknown event.</summary>
    private const int MaxKeys = 1000;

    private static readonly HashSet<string> Logged = [];
    private static readonly Lock Gate = new();

    public static LogLevel Level { get; set; } = LogLevel.Info;

    /// <summary>Receives the lines. Tests replace it.</summary>
    public static Action<string> Output { get; set; } = StandardOutput.OfProcess.Post;

    /// <summary>Check this before building a message that costs time.</summary>
    public static bool IsDebug => Level >= LogLevel.Debug;

    public static void Error(string message) => Write(LogLevel.Error, "ERROR ", message);

    public static void Warn(string message) => Write(LogLevel.Warn, "WARN ", message);

    public static void Info(string message) => Write(LogLevel.Info, "", message);

    public static void Debug(string message) => Write(LogLevel.Debug, "DEBUG ", message);

    /// <summary>Logs the message the first time this key occurs, and never again in this process.</summary>
    public static void WarnOnce(string key, string message)
    {
        lock (Gate)
        {
            if (Logged.Count >= MaxKeys || !Logged.Add(key))
                return;
        }

        Warn(message);
    }

    private static void Write(LogLevel level, string prefix, string message)
    {
        if (level <= Level)
            Output("[telemetry-extension] " + prefix + message);
    }
}
