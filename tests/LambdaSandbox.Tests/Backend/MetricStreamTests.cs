using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Metrics.V1;

namespace LambdaSandbox.Tests.Backend;

public sealed class MetricStreamTests
{
    [Fact]
    public void Build_DeltaPointsOfTheSameStream_AreSummed()
    {
        var rows = MetricStream.Build(Sample.Metrics);

        Assert.Equal(["faas.coldstarts", "faas.invocations", "faas.invoke_duration"], rows.Select(row => row.Name));
        Assert.Equal(("2", "{invocation}", "sum, delta"), (rows[1].Value, rows[1].Unit, rows[1].Kind));
        Assert.Equal((2d, 0.253, 0.0035, 0.2495), (Figure("count"), Figure("sum"), Figure("min"), Figure("max")));

        double Figure(string name) => rows[2].Figures[name];
    }

    [Fact]
    public void Build_CumulativeAndGauge_TheLatestCounts()
    {
        var rows = MetricStream.Build(
        [
            Sample.Metric(new() { Name = "c", Sum = new() { AggregationTemporality = AggregationTemporality.Cumulative, DataPoints = { At(2, 7), At(1, 3) } } }),
            Sample.Metric(new() { Name = "g", Gauge = new() { DataPoints = { At(5, 9), At(4, 8) } } }),
        ]);

        Assert.Equal(["up-down sum, cumulative 7", "gauge 9"], rows.Select(row => $"{row.Kind} {row.Value}"));
    }

    [Fact]
    public void Build_DifferentAttributes_AreDifferentStreamsInAnyOrderOfKeys()
    {
        var (one, same, other) = (At(1, 1), At(2, 2), At(3, 4));
        one.Attributes.Add([Sample.Pair("a", "x"), Sample.Pair("b", true)]);
        same.Attributes.Add([Sample.Pair("b", true), Sample.Pair("a", "x")]);
        other.Attributes.Add(Sample.Pair("a", "y"));

        var rows = MetricStream.Build(
            [Sample.Metric(new() { Name = "m", Sum = new() { AggregationTemporality = AggregationTemporality.Delta, DataPoints = { one, same, other } } })]);

        Assert.Equal(["a=x b=true 3", "a=y 4"], rows.Select(row => $"{row.Attributes} {row.Value}"));
    }

    [Fact]
    public void Build_PointWithoutRecordedValue_IsLeftOut()
    {
        var point = At(1, 1);
        point.Flags = 1;

        Assert.Empty(MetricStream.Build([Sample.Metric(new() { Name = "m", Gauge = new() { DataPoints = { point } } })]));
    }

    [Fact]
    public void Build_ExponentialHistogram_EstimatesQuantiles()
    {
        // Scale 0, offset 0: (1,2] and (2,4].
        var point = new ExponentialHistogramDataPoint { Count = 4, Sum = 10, Positive = new() { BucketCounts = { 2, 2 } } };

        var row = Assert.Single(MetricStream.Build([Sample.Metric(new() { Name = "m", ExponentialHistogram = new() { DataPoints = { point } } })]));

        Assert.Equal((2d, 3.96), (row.Figures["p50"], Math.Round(row.Figures["p99"], 2)));
    }

    [Fact]
    public void Build_Summary_KeepsItsQuantiles()
    {
        var point = new SummaryDataPoint { Count = 2, Sum = 3, QuantileValues = { new SummaryDataPoint.Types.ValueAtQuantile { Quantile = 0.9, Value = 2 } } };

        var row = Assert.Single(MetricStream.Build([Sample.Metric(new() { Name = "m", Summary = new() { DataPoints = { point } } })]));

        Assert.Equal("count 2  sum 3  p90 2", row.Value);
    }

    private static NumberDataPoint At(ulong time, long value) => new() { TimeUnixNano = time, AsInt = value };
}
