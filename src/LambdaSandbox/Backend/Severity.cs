using OpenTelemetry.Proto.Logs.V1;
using Spectre.Console;

namespace LambdaSandbox.Backend;

/// <summary>The level of a log record by its number, because senders choose the text freely.</summary>
internal static class Severity
{
    public static string Name(LogRecord record) => (int)record.SeverityNumber switch
    {
        <= 0 => record.SeverityText.Length is > 0 and <= 5 ? Plain.Safe(record.SeverityText).ToUpperInvariant() : "log",
        <= 4 => "TRACE",
        <= 8 => "DEBUG",
        <= 12 => "INFO",
        <= 16 => "WARN",
        <= 20 => "ERROR",
        _ => "FATAL",
    };

    public static Style Style(LogRecord record) => (int)record.SeverityNumber switch
    {
        <= 8 => new(decoration: Decoration.Dim),
        <= 12 => new(Color.Green),
        <= 16 => new(Color.Yellow),
        _ => new(Color.Red),
    };
}
