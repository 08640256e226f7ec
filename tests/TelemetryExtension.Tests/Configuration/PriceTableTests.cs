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
        Assert.Equal(0.0000166667 + 0.0000002, PriceTable.From(new(), Architecture.X64, _problems).Of(1000, 1024), 12);
        Assert.Equal((0.0000133334 / 8 * 0.718) + 0.0000002, PriceTable.From(new(), Architecture.Arm64, _problems).Of(718, 128), 12);
        Assert.Equal((2 * 0.5) + 0.000001, PriceTable.From(new("2", "1"), Architecture.X64, _problems).Of(500, 1024), 12);
    }

    [Theory]
    [InlineData("free")]
    [InlineData("-1")]
    [InlineData("NaN")]
    public void From_BadPrice_IsAProblemAndTheDefault(string raw)
    {
        Assert.Equal(PriceTable.From(new(), Architecture.X64, new()), PriceTable.From(new(raw), Architecture.X64, _problems));
        Assert.Contains("TELEMETRY_EXTENSION_PRICE_PER_GB_SECOND", Assert.Single(_problems.Messages), StringComparison.Ordinal);
    }
}
