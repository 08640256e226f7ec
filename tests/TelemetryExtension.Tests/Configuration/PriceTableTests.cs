using System.Runtime.InteropServices;
using TelemetryExtension.Configuration;
using TelemetryExtension.Processing.Metrics;

namespace TelemetryExtension.Tests.Configuration;

public class PriceTableTests
{
    private readonly SettingProblems _problems = new();

    [Fact]
    public void Of_OneGigabyteForOneSecond_IsThePricePlusTheRequest()
    {
        Assert.Equal(0.0000166667 + 0.0000002, PriceTable.From(new Env().Read(_problems), Architecture.X64).Of(1000, 1024), 12);
        Assert.Equal((0.0000133334 / 8 * 0.718) + 0.0000002, PriceTable.From(new Env().Read(_problems), Architecture.Arm64).Of(718, 128), 12);
        Assert.Equal((2 * 0.5) + 0.000001, PriceTable.From(new Env { ["TELEMETRY_EXTENSION_PRICE_PER_GB_SECOND"] = "2", ["TELEMETRY_EXTENSION_PRICE_PER_MILLION_REQUESTS"] = "1" }.Read(_problems), Architecture.X64).Of(500, 1024), 12);
    }

    [Theory]
    [InlineData("free")]
    [InlineData("-1")]
    [InlineData("NaN")]
    public void From_BadPrice_IsAProblemAndTheDefault(string raw)
    {
        Assert.Equal(PriceTable.From(new Env().Read(), Architecture.X64), PriceTable.From(new Env { ["TELEMETRY_EXTENSION_PRICE_PER_GB_SECOND"] = raw }.Read(_problems), Architecture.X64));
        Assert.Contains("TELEMETRY_EXTENSION_PRICE_PER_GB_SECOND", Assert.Single(_problems.Messages), StringComparison.Ordinal);
    }
}
