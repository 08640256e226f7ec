using System.Diagnostics.Metrics;
using AggregationTemporality = OpenTelemetry.Proto.Metrics.V1.AggregationTemporality;
using Metric = OpenTelemetry.Proto.Metrics.V1.Metric;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Proto.Collector.Metrics.V1;
using OpenTelemetry.Proto.Metrics.V1;
using TelemetryExtension.Configuration;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.Metrics;
using TelemetryExtension.Tests.Otlp;
using TelemetryExtension.Tests.Processing.Spans;

namespace TelemetryExtension.Tests.Processing.Metrics;

public class MetricEncoderTests
{
    // Bare Metric message of the shared facts, encoded by hand.
    private const string Vector = "0a14666161732e696e766f6b655f6475726174696f6e1a01734a540a50110080800b9fb45a18198032671a9fb45a1821010000000000000029000000000000d03f"
        + "32180000000000000000010000000000000000000000000000003a109a9999999999b93f000000000000e03f1001";

    [Fact]
    public void NothingRecorded_NoPayload() => Assert.Null(MetricEncoder.Encode([], MetricTemporality.Delta, [], default));

    [Fact]
    public void Histogram_HasTheFieldsOfTheVector()
    {
        var metrics = new MetricAggregator(1754913600000000000);
        metrics.Record(new("faas.invoke_duration", "s", MetricKind.Histogram, "", "", [0.1, 0.5]), 0.25, 1754913600250000000);
        var ours = Assert.Single(Decode(metrics));
        Assert.True(ours.Histogram.DataPoints[0].HasMin);
        ours.Histogram.DataPoints[0].ClearMin();
        ours.Histogram.DataPoints[0].ClearMax();
        Assert.Equal(Metric.Parser.ParseFrom(Convert.FromHexString(Vector)), ours);
    }

    [Fact]
    public void Points_AreCountedAndGrouped()
    {
        var metrics = new MetricAggregator(1000, MetricTemporality.Cumulative);
        metrics.Add(FaasMetrics.Errors, 1, 1100, new("error.type", "A", "b", "c"));
        metrics.Add(FaasMetrics.Errors, 1, 1100, new("error.type", "B"));
        metrics.Set(FaasMetrics.Threads, 0, 1100);
        metrics.AddReal(FaasMetrics.EstimatedCost, 0.5, 1100);
        var payload = MetricEncoder.Encode(metrics.Collect(), metrics.Temporality, [], DateTimeOffset.UnixEpoch)!;
        Assert.Equal((4, Signal.Metrics), (payload.Records, payload.Signal));
        var decoded = ExportMetricsServiceRequest.Parser.ParseFrom(payload.Body.Span);
        Assert.Equal(payload.Body.Length, decoded.CalculateSize());
        var list = decoded.ResourceMetrics[0].ScopeMetrics[0].Metrics;
        Assert.Equal([2, 1, 1], list.Select(metric => metric.Sum?.DataPoints.Count ?? metric.Gauge.DataPoints.Count));
        Assert.Equal(AggregationTemporality.Cumulative, list[0].Sum.AggregationTemporality);
        Assert.Equal(["error.type", "b"], list[0].Sum.DataPoints[0].Attributes.Select(pair => pair.Key));
        Assert.Equal(NumberDataPoint.ValueOneofCase.AsInt, list[1].Gauge.DataPoints[0].ValueCase);
        Assert.Equal(0.5, list[2].Sum.DataPoints[0].AsDouble);
    }

    [Fact]
    public void MetricsOfTheConventionsAboutExporters_NameTheComponent()
    {
        var metrics = new MetricAggregator(1000);
        metrics.SetTotal(FaasMetrics.SpansExported, 5, 1100);
        metrics.SetTotal(FaasMetrics.SpansExported, 1, 1100, new("error.type", "rejected"));

        var spans = Assert.Single(Decode(metrics));

        Assert.Equal(("otel.sdk.exporter.span.exported", "{span}", true), (spans.Name, spans.Unit, spans.Sum.IsMonotonic));
        Assert.Equal(
            ["otel.component.type=telemetry_extension otel.component.name=telemetry_extension/0", "otel.component.type=telemetry_extension otel.component.name=telemetry_extension/0 error.type=rejected"],
            spans.Sum.DataPoints.Select(point => string.Join(' ', point.Attributes.Select(pair => $"{pair.Key}={pair.Value.StringValue}"))));
    }

    /// <summary>Compares with the same measurements from the official SDK and exporter. Only the times, which it cannot set, may differ.</summary>
    [Fact]
    public void Measurements_AgreeWithTheOfficialExporter()
    {
        var ours = new MetricAggregator(1000);
        ours.Add(FaasMetrics.Errors, 3, 1100, new("error.type", "A"));
        ours.AddReal(FaasMetrics.EstimatedCost, 0.25, 1100);
        ours.Set(FaasMetrics.Threads, 7, 1100);
        foreach (var seconds in new[] { 0.005, 0.2, 30 })
            ours.Record(FaasMetrics.InvokeDuration, seconds, 1100);
        Assert.Equal(WithoutTimes(Official()), WithoutTimes(Decode(ours)));
    }

    private static List<Metric> Official()
    {
        using var handler = new CapturingHandler();
        var options = new OtlpExporterOptions { Protocol = OtlpExportProtocol.HttpProtobuf, HttpClientFactory = () => new(handler, false) };
        using var meter = new Meter("oracle");
        using (var provider = Sdk.CreateMeterProviderBuilder().AddMeter("oracle")
            .AddReader(new BaseExportingMetricReader(new OtlpMetricExporter(options)) { TemporalityPreference = MetricReaderTemporalityPreference.Delta })
            .Build())
        {
            meter.CreateCounter<long>(FaasMetrics.Errors.Name, FaasMetrics.Errors.Unit, FaasMetrics.Errors.Description).Add(3, new KeyValuePair<string, object?>("error.type", "A"));
            meter.CreateCounter<double>(FaasMetrics.EstimatedCost.Name, FaasMetrics.EstimatedCost.Unit, FaasMetrics.EstimatedCost.Description).Add(0.25);
            meter.CreateGauge<long>(FaasMetrics.Threads.Name, FaasMetrics.Threads.Unit, FaasMetrics.Threads.Description).Record(7);
            var histogram = meter.CreateHistogram(FaasMetrics.InvokeDuration.Name, FaasMetrics.InvokeDuration.Unit, FaasMetrics.InvokeDuration.Description,
                advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = FaasMetrics.InvokeDuration.Bounds });
            foreach (var seconds in new[] { 0.005, 0.2, 30 })
                histogram.Record(seconds);
            provider.ForceFlush();
        }

        return [.. handler.Bodies.SelectMany(bytes => Decoded.Metrics(bytes))];
    }

    private static IEnumerable<string> WithoutTimes(IEnumerable<Metric> metrics) => metrics.Select(metric =>
    {
        foreach (var point in metric.Sum?.DataPoints ?? metric.Gauge?.DataPoints ?? [])
            (point.StartTimeUnixNano, point.TimeUnixNano) = (0, 0);
        foreach (var point in metric.Histogram?.DataPoints ?? [])
            (point.StartTimeUnixNano, point.TimeUnixNano) = (0, 0);
        return metric.ToString();
    });

    private static List<Metric> Decode(MetricAggregator metrics) => [.. MetricEncoder.Encode(metrics.Collect(), metrics.Temporality, [], default)!.Metrics()];
}
