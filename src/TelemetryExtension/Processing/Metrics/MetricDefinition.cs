namespace TelemetryExtension.Processing.Metrics;

internal enum MetricKind : byte
{
    /// <summary>Monotonic sum of whole numbers.</summary>
    Counter,

    /// <summary>Monotonic sum of real numbers.</summary>
    RealCounter,

    /// <summary>The latest whole number.</summary>
    Gauge,

    /// <summary>Distribution over fixed bounds.</summary>
    Histogram,
}

/// <param name="Unit">UCUM, as OTLP requires.</param>
/// <param name="Source">The platform event or file behind the metric, for the documentation.</param>
/// <param name="Bounds">Inclusive upper bounds of a histogram's buckets, ascending. One more bucket is above them.</param>
/// <param name="Component">The <c>otel.component.type</c> of all points, for metrics of the conventions that are about a component.</param>
internal sealed record MetricDefinition(string Name, string Unit, MetricKind Kind, string Description, string Source, double[]? Bounds = null, string? Component = null);
