using TelemetryExtension.Configuration;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Metrics;

namespace TelemetryExtension.Tests.Processing.Metrics;

public class InvocationMetricsTests
{
    private static readonly PriceTable Prices = new(0.00002, 0.2);
    private readonly MetricAggregator _metrics = new(1);

    [Theory]
    [InlineData("success", "faas.invocations", null)]
    [InlineData("timeout", "faas.timeouts", null)]
    [InlineData("error", "faas.errors", "Function.PaymentDeclined")]
    [InlineData("failure", "faas.errors", "Function.PaymentDeclined")]
    public void Record_Finished_CountsTheOutcomeAndOnlyErrorsHaveAType(string status, string metric, string? errorType)
    {
        Record(new InvocationFact.Finished(1000, status, false, 250, null, null, null, null, "Function.PaymentDeclined"));

        var point = Assert.Single(_metrics.Collect(), point => point.Definition.Unit.StartsWith('{'));
        Assert.Equal((metric, 1, errorType), (point.Definition.Name, point.Value, point.Attributes.Value));
    }

    [Fact]
    public void Record_FinishedWithoutAnEndThatIsKnown_CountsTheColdStartOnly()
    {
        Record(new InvocationFact.Finished(1000, null, true, null, null, null, null, null, null));

        Assert.Equal("faas.coldstarts", Assert.Single(_metrics.Collect()).Definition.Name);
    }

    [Fact]
    public void Record_FinishedColdStart_CountsItAndMeasuresInSeconds()
    {
        Record(new InvocationFact.Finished(1000, "success", true, 250, 240, 4, 2, 1532, null));

        var points = _metrics.Collect().ToDictionary(point => point.Definition.Name);
        Assert.Equal(1, points["faas.coldstarts"].Value);
        Assert.Equal(0.25, points["faas.invoke_duration"].Sum);
        Assert.Equal(0.24, points["telemetry_extension.invocation.response_latency"].Sum);
        Assert.Equal(1532, points["telemetry_extension.invocation.produced_bytes"].Sum);
    }

    [Fact]
    public void Record_Reported_MeasuresMemoryInBytesAndCost()
    {
        Record(new InvocationFact.Reported(1000, new(254, 1000, 1024, 123), 4.2));

        var points = _metrics.Collect().ToDictionary(point => point.Definition.Name);
        Assert.Equal(123 * 1024 * 1024, points["faas.mem_usage"].Sum);
        Assert.Equal(0.0000202, points["telemetry_extension.estimated_cost"].Sum, 1e-9);
        Assert.Equal(0.0042, points["telemetry_extension.invocation.extension_overhead"].Sum, 1e-9);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public void Record_Initialized_IsAnInitDurationOnlyWhenAnInvocationWaited(bool userWaited, int expected)
    {
        Record(new InvocationFact.Initialized(1000, 463, userWaited));

        Assert.Equal(expected, _metrics.Collect().Count(point => point.Definition.Name == "faas.init_duration"));
    }

    [Fact]
    public void Record_MoreErrorTypesThanThereIsRoomFor_LosesNoError()
    {
        for (var i = 0; i < 2000; i++)
            Record(new InvocationFact.Finished(1000, "error", false, 1, null, null, null, null, "Function.E" + i));

        var errors = _metrics.Collect().Where(point => point.Definition.Name == "faas.errors").ToList();
        Assert.Equal(2000, errors.Sum(point => point.Value));
        Assert.InRange(errors.Count, 2, 501);
    }

    [Theory]
    [InlineData(true, "blue")]
    [InlineData(false, null)]
    public void Record_OfATenant_SaysSoOnlyWhenAskedFor(bool asked, string? expected)
    {
        var fact = new InvocationFact.Finished(1000, "success", false, 1, null, null, null, null, null) { Tenant = "blue", Trigger = "http" };
        InvocationMetrics.Record(_metrics, fact, new(true, MetricTemporality.Delta, Prices, ByTenant: asked));

        Assert.All(_metrics.Collect(), point => Assert.Equal(("http", expected), (point.Attributes.Trigger, point.Attributes.Tenant)));
    }

    [Fact]
    public void Record_Failed_HasTheErrorsTypeOnTheDuration()
    {
        Record(new InvocationFact.Finished(1000, "timeout", false, 3000, null, null, null, null, "timeout"));

        Assert.Equal("timeout", Assert.Single(_metrics.Collect(), point => point.Definition.Name == "faas.invoke_duration").Attributes.Value);
    }

    private void Record(InvocationFact fact) => InvocationMetrics.Record(_metrics, fact, new(true, MetricTemporality.Delta, Prices, ByTenant: true));
}
