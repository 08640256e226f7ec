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

/// <param name="Unit">UCUM, as OTLP wants it.</param>
/// <param name="Source">The platform event or file that it is made of, for the documentation.</param>
/// <param name="Bounds">Upper, inclusive bounds of a histogram's buckets, ascending; one more bucket is above them.</param>
internal sealed record MetricDefinition(string Name, string Unit, MetricKind Kind, string Description, string Source, double[]? Bounds = null);
