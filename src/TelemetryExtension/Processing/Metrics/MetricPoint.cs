namespace TelemetryExtension.Processing.Metrics;

/// <summary>
/// The attributes of a data point: those that its metric has by itself, and those of the invocation. A value is never null when its key is not.
/// </summary>
internal readonly record struct MetricAttributes(
    string? Key = null, string? Value = null, string? SecondKey = null, string? SecondValue = null, string? Trigger = null, string? Tenant = null);

/// <summary>One collected data point.</summary>
/// <param name="StartUnixNano">The start of its window.</param>
/// <param name="TimeUnixNano">The time of the latest event, never before the start.</param>
/// <param name="Value">For counters and gauges.</param>
/// <param name="Sum">For histograms and counters of real numbers.</param>
/// <param name="Buckets">For histograms: one more than the number of bounds.</param>
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
