namespace TelemetryExtension.Destinations.CloudWatch.Emf;

/// <summary>Maps OpenTelemetry's units (UCUM) to CloudWatch's names. Null for units that CloudWatch does not have.</summary>
internal static class EmfUnits
{
    public static string? Of(string unit) => unit switch
    {
        "s" => "Seconds",
        "ms" => "Milliseconds",
        "us" => "Microseconds",
        "By" => "Bytes",
        "kBy" => "Kilobytes",
        "MBy" => "Megabytes",
        "GBy" => "Gigabytes",
        "bit" => "Bits",
        "%" => "Percent",
        "By/s" => "Bytes/Second",
        "bit/s" => "Bits/Second",
        // An amount of money is not a count, and CloudWatch has no unit for it.
        "{USD}" => null,
        _ when unit.StartsWith('{') && unit.EndsWith('}') => "Count",
        _ when unit.StartsWith('{') && unit.EndsWith("}/s", StringComparison.Ordinal) => "Count/Second",
        _ => null,
    };
}
