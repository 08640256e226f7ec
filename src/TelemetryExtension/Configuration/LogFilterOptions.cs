using System.Text.RegularExpressions;

namespace TelemetryExtension.Configuration;

/// <summary>The severities of OpenTelemetry's log data model, by the first number of each.</summary>
internal enum LogSeverity : byte
{
    Trace = 1,
    Debug = 5,
    Info = 9,
    Warn = 13,
    Error = 17,
    Fatal = 21,
}

/// <summary>Which log records are left out.</summary>
/// <param name="MinSeverity">Records below it are left out. A record without a severity stays.</param>
/// <param name="PerSecond">The most records of one second, by their own times. 0 for no limit.</param>
/// <param name="Drop">Records whose text matches one of them are left out.</param>
/// <param name="ReportLines">Whether START, END and REPORT lines stay, as text or as platform events.</param>
internal sealed record LogFilterOptions(LogSeverity MinSeverity, int PerSecond, IReadOnlyList<Regex> Drop, bool ReportLines)
{
    public bool Enabled => MinSeverity > LogSeverity.Trace || PerSecond > 0 || Drop.Count > 0 || !ReportLines;

    public static LogFilterOptions From(Variables variables) => new(
        variables.OneOf("TELEMETRY_EXTENSION_LOGS_MIN_SEVERITY", LogSeverity.Trace),
        variables.Int("TELEMETRY_EXTENSION_LOGS_PER_SECOND", 0, 0, 1_000_000),
        variables.Patterns("TELEMETRY_EXTENSION_LOGS_DROP"),
        variables.Bool("TELEMETRY_EXTENSION_LOGS_REPORT_LINES", true));
}
