namespace TelemetryExtension.Destinations.CloudWatch.Emf;

/// <summary>
/// Converts cumulative values into the increase since the last delivered point, because CloudWatch adds values up. Computing and committing are separate
/// steps, so that a payload that was not delivered gives the same result again. Bounded: above the limit all series start over. Not thread-safe.
/// </summary>
internal sealed class CumulativeSeries
{
    private const int MaxSeries = 2_000;
    private readonly Dictionary<string, EmfPoint> _last = [];
    private readonly Dictionary<string, EmfPoint> _pending = [];

    /// <summary>Discards results that were not committed.</summary>
    public void Begin() => _pending.Clear();

    /// <summary>Commits everything computed since <see cref="Begin"/>, because it was delivered.</summary>
    public void Commit()
    {
        if (_last.Count + _pending.Count > MaxSeries)
            _last.Clear();
        foreach (var (series, point) in _pending)
            _last[series] = point;
        _pending.Clear();
    }

    /// <summary>
    /// The increase since the last point. Null when the point is not newer than a counted one. The first point of a series and the first after a reset
    /// count completely, because in Lambda a series starts with its process. The minimum and maximum of the interval are unknown.
    /// </summary>
    public EmfPoint? Delta(string series, EmfPoint point)
    {
        if (!_pending.TryGetValue(series, out var last) && !_last.TryGetValue(series, out last))
            last = default;
        if (last.Time != 0 && point.Time <= last.Time)
            return null;
        _pending[series] = point;
        var reset = last.Time == 0 || point.Start != last.Start || point.Count < last.Count || (point.Count == last.Count && point.Sum < last.Sum);
        if (reset)
            return point;
        return point with { Sum = point.Sum - last.Sum, Count = point.Count - last.Count, Min = null, Max = null, HasValue = point.Count > last.Count };
    }

    /// <summary>The increase of a monotonic sum, which has no count.</summary>
    public double? DeltaOfSum(string series, EmfPoint point) =>
        Delta(series, point with { Count = 0 }) is { } delta ? delta.Sum : null;
}
