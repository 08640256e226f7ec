namespace TelemetryExtension.Processing.Invocations;

/// <summary>
/// Tells apart why an invocation failed. Lambda reports a runtime that ran out of memory as one that exited, except in its newest versions. What it
/// prints about that exit, and the memory in its report, tell more.
/// </summary>
internal static class FailureCause
{
    public const string OutOfMemory = "Runtime.OutOfMemory";
    private const string Exit = "Runtime.ExitError";

    /// <summary>Nothing else in the environment may send SIGKILL to the runtime while an invocation runs.</summary>
    public const string Killed = "signal: killed";

    /// <summary>The value of error.type.</summary>
    /// <param name="exit">The platform's line about the runtime's exit. Null when there was none.</param>
    public static string TypeOf(string status, string? reported, string? exit, PlatformReportMetrics metrics = default)
    {
        var type = reported ?? status;
        return type == Exit && (exit?.Contains(Killed, StringComparison.Ordinal) == true || IsMemoryUsedUp(metrics)) ? OutOfMemory : type;
    }

    /// <summary>A sentence for the log. Null when the error's type says all.</summary>
    public static string? Explain(string type, string? exit) => type == OutOfMemory
        ? $"The function ran out of memory{(exit?.Contains(Killed, StringComparison.Ordinal) == true ? ": its runtime was killed" : "")}"
        : null;

    /// <summary>What the report adds to an invocation whose span has left. Null when it adds nothing.</summary>
    /// <param name="known">The error.type on the span. Null after a success.</param>
    public static (string Type, string Text)? InReport(string? known, string? status, string? reported, PlatformReportMetrics metrics)
    {
        if (known is Exit && IsMemoryUsedUp(metrics))
            return (OutOfMemory, $"The function ran out of memory: it had used {metrics.MaxMemoryUsedMb} of {metrics.MemorySizeMb} MB when its runtime exited");
        // The function had succeeded, and still the invocation failed.
        return known is null && status is not (null or "success") && reported?.StartsWith("Extension.", StringComparison.Ordinal) == true
            ? (reported, $"An extension failed after the function was done ({reported}): Lambda reports the invocation as failed and starts a new environment")
            : null;
    }

    private static bool IsMemoryUsedUp(PlatformReportMetrics metrics) => metrics is { MaxMemoryUsedMb: { } used, MemorySizeMb: > 0 and var size } && used >= size;
}
