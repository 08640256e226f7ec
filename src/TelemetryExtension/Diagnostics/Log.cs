using TelemetryExtension.Configuration;

namespace TelemetryExtension.Diagnostics;

/// <summary>
/// What the process says about itself: lines on standard output, which Lambda ships to the function's log group. Each message is logged once per
/// process; the ledger counts what repeats. The extension does not subscribe to its own stream, so nothing feeds back. Never blocks, never throws.
/// </summary>
internal static class Log
{
    /// <summary>Keys may come from outside, as the type of an unknown event does.</summary>
    private const int MaxKeys = 1000;

    private static readonly HashSet<string> Logged = [];
    private static readonly Lock Gate = new();

    public static LogLevel Level { get; set; } = LogLevel.Info;

    /// <summary>Where lines go; another place in tests.</summary>
    public static Action<string> Output { get; set; } = StandardOutput.OfProcess.Post;

    /// <summary>Ask before a message is put together that costs something.</summary>
    public static bool IsDebug => Level >= LogLevel.Debug;

    public static void Error(string message) => Write(LogLevel.Error, "ERROR ", message);

    public static void Warn(string message) => Write(LogLevel.Warn, "WARN ", message);

    public static void Info(string message) => Write(LogLevel.Info, "", message);

    public static void Debug(string message) => Write(LogLevel.Debug, "DEBUG ", message);

    /// <summary>Logs the message the first time this key comes up, and never again in this process.</summary>
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
