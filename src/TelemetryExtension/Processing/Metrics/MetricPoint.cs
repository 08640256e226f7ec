namespace TelemetryExtension.Processing.Metrics;

/// <summary>Up to two attributes of a data point; values are never null when their key is not.</summary>
internal readonly record struct MetricAttributes(string? Key = null, string? Value = null, string? SecondKey = null, string? SecondValue = null);

/// <summary>One data point as collected.</summary>
/// <param name="StartUnixNano">When its window began.</param>
/// <param name="TimeUnixNano">The time of the latest event in it, never before the start.</param>
/// <param name="Value">Of counters and gauges.</param>
/// <param name="Sum">Of histograms and of counters of real numbers.</param>
/// <param name="Buckets">Of histograms: one more than there are bounds.</param>
internal sealed record MetricPoint(
    MetricDefinition Definition,
    MetricAttributes Attributes,
    long StartUnixNano,
    long TimeUnixNano,
    long Value = 0,
    double Sum = 0,
    long Count = 0,
    double Min = 0,
    double Max = 0,
    long[]? Buckets = null);
