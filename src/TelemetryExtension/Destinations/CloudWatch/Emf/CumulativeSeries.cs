namespace TelemetryExtension.Destinations.CloudWatch.Emf;

/// <summary>
/// Turns cumulative values into what was added since the last delivered point, which is what CloudWatch sums up. Computing and remembering are
/// two steps, so that a payload which is not delivered is computed again the same way. Bounded: past the limit a series starts anew.
/// Not thread-safe.
/// </summary>
internal sealed class CumulativeSeries
{
    private const int MaxSeries = 2_000;
    private readonly Dictionary<string, EmfPoint> _last = [];
    private readonly Dictionary<string, EmfPoint> _pending = [];

    /// <summary>Forgets what was computed but not committed.</summary>
    public void Begin() => _pending.Clear();

    /// <summary>Everything computed since <see cref="Begin"/> has been delivered.</summary>
    public void Commit()
    {
        if (_last.Count + _pending.Count > MaxSeries)
            _last.Clear();
        foreach (var (series, point) in _pending)
            _last[series] = point;
        _pending.Clear();
    }

    /// <summary>
    /// What the point adds; null when it is not newer than one already counted. The first point of a series, and the first after a reset, count whole:
    /// in Lambda a series begins with its process. Minimum and maximum of the interval are not known any more.
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

    /// <summary>The same for a monotonic sum, whose count is no count.</summary>
    public double? DeltaOfSum(string series, EmfPoint point) =>
        Delta(series, point with { Count = 0 }) is { } delta ? delta.Sum : null;
}
