using System.Text.Json;

namespace TelemetryExtension.Tests.Processing.Logs;

/// <summary>A line as a logger printed it on a developer's machine, and what its record must have.</summary>
/// <param name="At">When it was printed (Unix epoch, s), to a minute.</param>
/// <param name="Severity">0: the line has no level.</param>
/// <param name="Exception">exception.type. Null without an exception.</param>
/// <param name="Timed">The line has a time that is its own.</param>
public sealed record PrintedLine(string Logger, string Line, int Severity, string Body, string? Trace, string? Span, string? Exception, bool Timed, long At);

/// <summary>
/// The output of real loggers: pino, winston, bunyan, log4js, tslog, Powertools and the ECS formats from npm; zap, zerolog, logrus, structlog, loguru,
/// python-json-logger, Monolog, Log4j and Logback from Debian; Serilog and NLog from NuGet; and what .NET, Java, Python and Ruby have themselves.
/// Paths and host names are replaced.
/// </summary>
internal static class PrintedLines
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    public static IReadOnlyList<PrintedLine> All { get; } =
        [.. Repository.Text("tests", "TelemetryExtension.Tests", "Processing", "Logs", "printed-lines.jsonl").Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static row => JsonSerializer.Deserialize<PrintedLine>(row, Options)!)];
}
