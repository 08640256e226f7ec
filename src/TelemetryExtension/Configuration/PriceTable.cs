using System.Globalization;
using System.Runtime.InteropServices;

namespace TelemetryExtension.Configuration;

/// <summary>
/// What an invocation costs, roughly: on-demand price of duration and request. No free tier, volume discount, provisioned concurrency or
/// savings plan. Defaults are US East (N. Virginia), first tier.
/// </summary>
internal sealed record PriceTable(double PerGbSecond, double PerMillionRequests)
{
    private const double X64 = 0.0000166667;
    private const double Arm64 = 0.0000133334;
    private const double MillionRequests = 0.20;

    public static PriceTable From(PriceSettings raw, Architecture architecture, SettingProblems problems) => new(
        Price("TELEMETRY_EXTENSION_PRICE_PER_GB_SECOND", raw.PerGbSecond, architecture == Architecture.Arm64 ? Arm64 : X64, problems),
        Price("TELEMETRY_EXTENSION_PRICE_PER_MILLION_REQUESTS", raw.PerMillionRequests, MillionRequests, problems));

    /// <summary>In the currency of the table; fields of platform.report.</summary>
    public double Of(double billedMilliseconds, double memoryMegabytes) =>
        (billedMilliseconds / 1000 * (memoryMegabytes / 1024) * PerGbSecond) + (PerMillionRequests / 1_000_000);

    private static double Price(string name, string? raw, double fallback, SettingProblems problems)
    {
        if (Setting.Text(raw) is not { } text)
            return fallback;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var price) && price is >= 0 and <= 1000)
            return price;
        problems.Add(name, text, "is not a price from 0 to 1000", fallback.ToString("0.############", CultureInfo.InvariantCulture));
        return fallback;
    }
}
