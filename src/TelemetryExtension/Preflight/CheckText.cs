using System.Globalization;

namespace TelemetryExtension.Preflight;

/// <summary>The report for people.</summary>
internal static class CheckText
{
    public static void Write(CheckReport report, TextWriter output)
    {
        output.WriteLine(report.Problems.Count == 0 ? "No problems." : $"{report.Problems.Count.ToString(CultureInfo.InvariantCulture)} problems:");
        foreach (var problem in report.Problems)
            output.WriteLine($"  {problem}");
        output.WriteLine("\nDestinations:");
        foreach (var destination in report.Destinations)
            foreach (var detail in destination.Details)
                output.WriteLine($"  {destination.Name}  {detail}");
        if (report.Destinations.Count == 0)
            output.WriteLine("  none: set OTEL_EXPORTER_OTLP_ENDPOINT or TELEMETRY_EXTENSION_CLOUDWATCH_LOG_GROUP");
        foreach (var connection in report.Connections)
        {
            output.WriteLine($"\n{connection.Endpoint}: {(connection.Works ? "works" : "does not work")}");
            foreach (var step in connection.Steps)
                output.WriteLine($"  {step.Name,-8} {(step.Works ? "ok" : "FAILED"),-6} {Milliseconds(step.Took),7} ms  {step.Detail}");
        }

        var width = report.Settings.Select(static setting => setting.Name.Length).DefaultIfEmpty().Max();
        output.WriteLine("\nSettings:");
        foreach (var setting in report.Settings.OrderBy(static setting => setting.Source == SettingSource.Default))
            output.WriteLine($"  {setting.Name.PadRight(width)}  {setting.Value}{Source(setting.Source)}");
    }

    private static string Milliseconds(TimeSpan took) => took.TotalMilliseconds.ToString("0.0", CultureInfo.InvariantCulture);

    private static string Source(SettingSource source) => source switch
    {
        SettingSource.Default => "  (default)",
        SettingSource.DefaultInstead => "  (what is set has a problem)",
        _ => "",
    };
}
