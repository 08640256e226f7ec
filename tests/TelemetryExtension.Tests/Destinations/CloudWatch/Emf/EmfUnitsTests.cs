using TelemetryExtension.Destinations.CloudWatch.Emf;
using TelemetryExtension.Processing.Metrics;

namespace TelemetryExtension.Tests.Destinations.CloudWatch.Emf;

public sealed class EmfUnitsTests
{
    [Theory]
    [InlineData("s", "Seconds")]
    [InlineData("By", "Bytes")]
    [InlineData("{invocation}", "Count")]
    [InlineData("{request}/s", "Count/Second")]
    [InlineData("1", null)]
    [InlineData("", null)]
    public void Of_UnitOfOpenTelemetry_IsTheOneOfCloudWatch(string unit, string? expected) => Assert.Equal(expected, EmfUnits.Of(unit));

    /// <summary>A metric without a unit gets CloudWatch's None.</summary>
    [Fact]
    public void Of_EstimatedCost_IsNoCount() => Assert.Null(EmfUnits.Of(FaasMetrics.EstimatedCost.Unit));
}
