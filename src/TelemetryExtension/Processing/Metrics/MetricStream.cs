using TelemetryExtension.Configuration;

namespace TelemetryExtension.Processing.Metrics;

/// <summary>The state of one metric with one set of attributes.</summary>
internal sealed class MetricStream(MetricDefinition definition, MetricAttributes attributes, long start)
{
    private readonly long[]? _buckets = definition.Bounds is { } bounds ? new long[bounds.Length + 1] : null;
    private long _start = start;
    private long _time;
    private long _value;
    private long _reportedTotal;
    private double _sum;
    private long _count;
    private double _min = double.PositiveInfinity;
    private double _max = double.NegativeInfinity;
    private bool _collectedBefore;

    public MetricDefinition Definition => definition;

    /// <summary>Whether anything was added since the last collection.</summary>
    public bool Changed { get; private set; }

    public void Add(long value, long time)
    {
        // A monotonic sum never goes down, whatever a platform event reports.
        _value += Math.Max(0, value);
        _sum = _value;
        Touch(time);
    }

    public void AddReal(double value, long time)
    {
        if (!double.IsFinite(value) || value < 0)
            return;
        _sum += value;
        Touch(time);
    }

    /// <summary>For counts that are kept elsewhere: adds the growth since the last call.</summary>
    public void SetTotal(long total, long time)
    {
        if (total <= _reportedTotal)
            return;
        Add(total - _reportedTotal, time);
        _reportedTotal = total;
    }

    public void SetGauge(long value, long time)
    {
        if (time < _time)
            return;
        _value = value;
        Touch(time);
    }

    public void Record(double value, long time)
    {
        if (!double.IsFinite(value) || value < 0)
            return;
        var index = Array.BinarySearch(definition.Bounds!, value);
        _buckets![index < 0 ? ~index : index]++;
        _sum += value;
        _count++;
        _min = Math.Min(_min, value);
        _max = Math.Max(_max, value);
        Touch(time);
    }

    public MetricPoint Collect(MetricTemporality temporality)
    {
        // Windows of one stream follow each other without gap or overlap. An event may be older than the window, because a report comes an invocation
        // late. It counts in the window in which it becomes known. Only the first window may grow back for it.
        var time = Math.Max(_time, _start);
        var point = new MetricPoint(definition, attributes, _start, time, _value, _sum, _count, _min, _max, _buckets?.ToArray());
        Changed = false;
        _collectedBefore = true;
        if (temporality == MetricTemporality.Delta && definition.Kind != MetricKind.Gauge)
            Reset(time);
        return point;
    }

    /// <summary>Starts again: after a SnapStart restore nothing may continue what all copies of the snapshot share.</summary>
    public void Restart(long start)
    {
        Reset(start);
        _time = 0;
        Changed = false;
        _collectedBefore = false;
    }

    private void Touch(long time)
    {
        _time = Math.Max(_time, time);
        if (!_collectedBefore && time < _start)
            _start = time;
        Changed = true;
    }

    private void Reset(long start)
    {
        _start = start;
        _value = 0;
        _sum = 0;
        _count = 0;
        _min = double.PositiveInfinity;
        _max = double.NegativeInfinity;
        if (_buckets is not null)
            Array.Clear(_buckets);
    }
}
