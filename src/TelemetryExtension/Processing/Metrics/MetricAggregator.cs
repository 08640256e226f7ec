using TelemetryExtension.Configuration;

namespace TelemetryExtension.Processing.Metrics;

/// <summary>
/// Aggregates measurements between collections, with the times of their events. Deterministic and thread-safe. It ignores negative and non-finite
/// values, because platform events are input.
/// </summary>
/// <param name="startUnixNano">When the environment, or this copy of a snapshot, started. The first window starts here.</param>
internal sealed class MetricAggregator(long startUnixNano, MetricTemporality temporality = MetricTemporality.Delta)
{
    /// <summary>Attributes come from input (error types). Beyond this many streams new ones are counted without attributes.</summary>
    private const int MaxStreams = 500;

    private readonly Lock _gate = new();
    private readonly Dictionary<(MetricDefinition, MetricAttributes), MetricStream> _streams = [];
    private long _start = startUnixNano;

    public MetricTemporality Temporality { get; } = temporality;

    /// <summary>Adds to a counter.</summary>
    public void Add(MetricDefinition metric, long value, long timeUnixNano, MetricAttributes attributes = default)
    {
        lock (_gate)
            Stream(metric, MetricKind.Counter, attributes).Add(value, timeUnixNano);
    }

    /// <summary>Adds to a counter of real numbers.</summary>
    public void AddReal(MetricDefinition metric, double value, long timeUnixNano, MetricAttributes attributes = default)
    {
        lock (_gate)
            Stream(metric, MetricKind.RealCounter, attributes).AddReal(value, timeUnixNano);
    }

    /// <summary>Raises a counter to a total that is kept elsewhere. A total that did not grow adds nothing.</summary>
    public void SetTotal(MetricDefinition metric, long total, long timeUnixNano, MetricAttributes attributes = default)
    {
        if (total <= 0)
            return;
        lock (_gate)
            Stream(metric, MetricKind.Counter, attributes).SetTotal(total, timeUnixNano);
    }

    /// <summary>Sets a gauge. A value that is older than the current one is ignored.</summary>
    public void Set(MetricDefinition metric, long value, long timeUnixNano, MetricAttributes attributes = default)
    {
        lock (_gate)
            Stream(metric, MetricKind.Gauge, attributes).SetGauge(value, timeUnixNano);
    }

    /// <summary>Records into a histogram.</summary>
    public void Record(MetricDefinition metric, double value, long timeUnixNano, MetricAttributes attributes = default)
    {
        lock (_gate)
            Stream(metric, MetricKind.Histogram, attributes).Record(value, timeUnixNano);
    }

    /// <summary>The points that changed since the last collection, grouped by metric. Empty when nothing happened.</summary>
    public IReadOnlyList<MetricPoint> Collect()
    {
        lock (_gate)
        {
            return [.. _streams.Values
                .Where(static stream => stream.Changed)
                .GroupBy(static stream => stream.Definition, static (_, streams) => streams)
                .SelectMany(static streams => streams)
                .Select(stream => stream.Collect(Temporality))];
        }
    }

    /// <summary>After a SnapStart restore: the environment that took the snapshot has already sent the counts before it.</summary>
    public void Restart(long startUnixNano)
    {
        lock (_gate)
        {
            _start = startUnixNano;
            foreach (var stream in _streams.Values)
                stream.Restart(startUnixNano);
        }
    }

    private MetricStream Stream(MetricDefinition metric, MetricKind kind, MetricAttributes attributes)
    {
        if (metric.Kind != kind)
            throw new ArgumentException($"{metric.Name} is not a {kind}.", nameof(metric));
        if (_streams.Count >= MaxStreams && !_streams.ContainsKey((metric, attributes)))
            attributes = default;
        if (!_streams.TryGetValue((metric, attributes), out var stream))
            _streams.Add((metric, attributes), stream = new(metric, attributes, _start));
        return stream;
    }
}
