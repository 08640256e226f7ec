namespace TelemetryExtension.Processing.Logs;

/// <summary>
/// Recognises how the runtimes report an exception that the function did not handle. Only their own words count: an exception that the function
/// logged itself was handled.
/// </summary>
internal static class UnhandledException
{
    /// <summary>What Node's runtime prints before the exception.</summary>
    public static bool IsLabel(ReadOnlySpan<byte> message) =>
        message.StartsWith("Invoke Error "u8) || message.StartsWith("Uncaught Exception "u8) || message.StartsWith("Unhandled Promise Rejection "u8);
}
