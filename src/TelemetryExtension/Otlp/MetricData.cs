namespace TelemetryExtension.Otlp;

/// <summary>The oneof <c>Metric.data</c> of opentelemetry-proto: the kinds of metric, with their field numbers.</summary>
internal enum MetricData : byte
{
    Gauge = 5,
    Sum = 7,
    Histogram = 9,
    ExponentialHistogram = 10,
    Summary = 11,
}
