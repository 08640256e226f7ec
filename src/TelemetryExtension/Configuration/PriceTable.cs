using System.Globalization;
using System.Runtime.InteropServices;

namespace TelemetryExtension.Configuration;

/// <summary>
/// Estimates the cost of an invocation: on-demand prices of duration and request. It ignores free tier, volume discount, provisioned concurrency and
/// savings plans. The defaults are US East (N. Virginia), first tier.
/// </summary>
internal sealed record PriceTable(double PerGbSecond, double PerMillionRequests)
{
    private const double X64 = 0.0000166667;
    private const double Arm64 = 0.0000133334;
    private const double MillionRequests = 0.20;

    public static PriceTable From(Variables variables, Architecture architecture) => new(
        Price(variables, "TELEMETRY_EXTENSION_PRICE_PER_GB_SECOND", architecture == Architecture.Arm64 ? Arm64 : X64),
        Price(variables, "TELEMETRY_EXTENSION_PRICE_PER_MILLION_REQUESTS", MillionRequests));

    /// <summary>The cost in the currency of the table, from fields of platform.report.</summary>
    public double Of(double billedMilliseconds, double memoryMegabytes) =>
        (billedMilliseconds / 1000 * (memoryMegabytes / 1024) * PerGbSecond) + (PerMillionRequests / 1_000_000);

    private static double Price(Variables variables, string name, double fallback)
    {
        if (variables.Text(name) is not { } text)
            return fallback;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var price) && price is >= 0 and <= 1000)
            return price;
        variables.Problems.Add(name, text, "is not a price from 0 to 1000", fallback.ToString("0.############", CultureInfo.InvariantCulture));
        return fallback;
    }
}
