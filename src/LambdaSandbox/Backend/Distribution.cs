using Google.Protobuf.Collections;
using OpenTelemetry.Proto.Metrics.V1;

namespace LambdaSandbox.Backend;

/// <summary>Merges histogram points of both kinds. Buckets are merged by their bounds, so points of different layouts add up too.</summary>
internal sealed class Distribution
{
    private readonly SortedDictionary<(double Low, double High), double> _buckets = [];

    public ulong Count { get; private set; }

    public double? Sum { get; private set; }

    public double? Min { get; private set; }

    public double? Max { get; private set; }

    public void Add(HistogramDataPoint point)
    {
        Add(point.Count, point.HasSum ? point.Sum : null, point.HasMin ? point.Min : null, point.HasMax ? point.Max : null);
        for (var i = 0; i < point.BucketCounts.Count; i++)
        {
            var low = i == 0 ? double.NegativeInfinity : point.ExplicitBounds[i - 1];
            var high = i < point.ExplicitBounds.Count ? point.ExplicitBounds[i] : double.PositiveInfinity;
            Add(low, high, point.BucketCounts[i]);
        }
    }

    public void Add(ExponentialHistogramDataPoint point)
    {
        Add(point.Count, point.HasSum ? point.Sum : null, point.HasMin ? point.Min : null, point.HasMax ? point.Max : null);
        Add(-point.ZeroThreshold, point.ZeroThreshold, point.ZeroCount);
        Add(point.Positive?.BucketCounts, i => (Bound(i), Bound(i + 1)), point.Positive?.Offset ?? 0);
        Add(point.Negative?.BucketCounts, i => (-Bound(i + 1), -Bound(i)), point.Negative?.Offset ?? 0);

        double Bound(int index) => Math.Pow(2, index * Math.Pow(2, -point.Scale));
    }

    /// <summary>The quantile, estimated within its bucket. Exact where minimum and maximum leave no choice. Null without buckets.</summary>
    public double? Quantile(double quantile)
    {
        var total = _buckets.Values.Sum();
        if (total == 0)
            return null;
        var left = quantile * total;
        foreach (var ((low, high), count) in _buckets)
        {
            if (left > count)
            {
                left -= count;
                continue;
            }

            var from = double.IsInfinity(low) ? Min ?? Math.Min(0, high) : low;
            var to = double.IsInfinity(high) ? Max ?? from : high;
            var value = from + ((to - from) * (left / count));
            return Math.Min(Math.Max(value, Min ?? value), Max ?? value);
        }

        return Max;
    }

    private void Add(ulong count, double? sum, double? min, double? max)
    {
        Count += count;
        Sum = sum is null ? Sum : sum + (Sum ?? 0);
        Min = min is null ? Min : Math.Min(min.Value, Min ?? min.Value);
        Max = max is null ? Max : Math.Max(max.Value, Max ?? max.Value);
    }

    private void Add(RepeatedField<ulong>? counts, Func<int, (double Low, double High)> bounds, int offset)
    {
        for (var i = 0; i < (counts?.Count ?? 0); i++)
        {
            var (low, high) = bounds(offset + i);
            Add(low, high, counts![i]);
        }
    }

    private void Add(double low, double high, ulong count)
    {
        if (count > 0)
            _buckets[(low, high)] = _buckets.GetValueOrDefault((low, high)) + count;
    }
}
