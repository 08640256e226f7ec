namespace EndToEnd.Tests.Harness;

/// <summary>The messages that only a bug of the extension causes. No test may find one in the log.</summary>
internal static class OwnBugs
{
    /// <summary>.NET itself writes this one before it ends the process.</summary>
    public const string OfDotNet = "Unhandled exception";

    public static readonly IReadOnlyList<string> Messages =
    [
        OfDotNet,
        "a batch could not be read",
        "a connection of the Telemetry API failed",
        "a flush failed",
        "a local socket failed",
        "a record could not be read",
        "a record could not be written",
        "a request could not be filtered or redacted",
        "a request could not be sampled",
        "cannot encode spans",
        "cannot read a record of the Telemetry API",
        "cannot receive OTLP",
        "cannot serve the local endpoints",
        "cannot signal the end of an invocation",
        "cannot start, the function runs without telemetry",
        "cannot take over the payloads of an earlier generation",
        "completing work on a file failed",
        "internal error while handling an invocation",
        "reading an undelivered payload back failed",
        "reading secrets failed",
        "request failed",
        "the buffer could not be emptied",
        "the function's spans could not be read",
        "the shutdown failed",
        "work on a file failed",
        "writing dead letters failed",
    ];

    public static bool IsOne(string line) => Messages.Any(message => line.Contains(message, StringComparison.Ordinal));
}
