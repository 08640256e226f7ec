namespace TelemetryExtension.Diagnostics;

/// <summary>
/// What the process says about itself: plain lines on stdout, which Lambda ships to the function's log group. One line a fact,
/// each said once; repeated trouble is counted in the ledger instead. We never subscribe to our own stream, so nothing feeds back.
/// </summary>
internal static class Log
{
    private static readonly HashSet<string> Said = [];
    private static readonly Lock Gate = new();

    public static void Info(string message) => Write(message);

    public static void Warn(string message) => Write("WARN " + message);

    /// <summary>Says it the first time this key is seen, and never again in this process.</summary>
    public static void WarnOnce(string key, string message)
    {
        lock (Gate)
        {
            if (!Said.Add(key))
                return;
        }

        Warn(message);
    }

    private static void Write(string message) => Console.Out.WriteLine("[telemetry-extension] " + message);
}
