using System.Globalization;
using Google.Protobuf.Collections;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Metrics.V1;

namespace LambdaSandbox.Backend;

/// <summary>
/// All points of one metric with the same attributes and resource, as one row. Delta points are summed; of cumulative points and gauges the latest counts.
/// </summary>
internal sealed record MetricStream(
    string Name,
    string Unit,
    string Kind,
    string Attributes,
    string Value,
    IReadOnlyDictionary<string, double> Figures,
    IReadOnlyList<KeyValue> Tags)
{
    /// <summary>Returns the streams ordered by name, then by attributes.</summary>
    public static IReadOnlyList<MetricStream> Build(IEnumerable<ReceivedMetric> metrics) =>
    [
        .. metrics.SelectMany(Points)
            .Where(point => (point.Flags & (uint)DataPointFlags.NoRecordedValueMask) == 0)
            .GroupBy(point => point.Key)
            .Select(Row)
            .OrderBy(row => row.Name, StringComparer.Ordinal)
            .ThenBy(row => row.Attributes, StringComparer.Ordinal),
    ];

    private static MetricStream Row(IGrouping<StreamKey, Point> points)
    {
        var key = points.Key;
        // The sort is stable, so of points with the same time the one that arrived last counts.
        var ordered = points.OrderBy(point => point.Time).ToArray();
        IReadOnlyList<Point> counted = key.Kind.EndsWith("delta", StringComparison.Ordinal) ? ordered : [ordered[^1]];
        var figures = new Dictionary<string, double>();
        switch (counted[^1].Data)
        {
            case NumberDataPoint:
                figures["value"] = counted.Sum(point => Number((NumberDataPoint)point.Data));
                break;
            case SummaryDataPoint summary:
                figures["count"] = summary.Count;
                figures["sum"] = summary.Sum;
                foreach (var quantile in summary.QuantileValues)
                    figures["p" + Plain.Number(quantile.Quantile * 100)] = quantile.Value;
                break;
            default:
                Describe(counted, figures);
                break;
        }

        var value = figures.TryGetValue("value", out var number) ? Plain.Number(number)
            : string.Join("  ", figures.Where(figure => IsShown(figure.Key, figures)).Select(figure => $"{figure.Key} {Plain.Number(Round(figure))}"));
        return new(key.Name, key.Unit, key.Kind, key.Attributes, value, figures, counted[^1].Tags);
    }

    private static void Describe(IReadOnlyList<Point> points, Dictionary<string, double> figures)
    {
        var all = new Distribution();
        foreach (var point in points)
        {
            if (point.Data is HistogramDataPoint histogram)
                all.Add(histogram);
            else if (point.Data is ExponentialHistogramDataPoint exponential)
                all.Add(exponential);
        }

        figures["count"] = all.Count;
        Add("sum", all.Sum);
        Add("min", all.Min);
        Add("p50", all.Quantile(0.5));
        Add("p99", all.Quantile(0.99));
        Add("max", all.Max);

        void Add(string name, double? value)
        {
            if (value is { } known)
                figures[name] = known;
        }
    }

    /// <summary>The figures of a histogram that fit into a line: count, typical value and maximum. The JSON has all of them.</summary>
    private static bool IsShown(string figure, Dictionary<string, double> all) =>
        !all.ContainsKey("max") || figure is "count" or "p50" or "max" || (figure == "sum" && !all.ContainsKey("p50"));

    /// <summary>Rounds to three digits, because quantiles are estimates. The maximum is rounded alike to look consistent.</summary>
    private static double Round(KeyValuePair<string, double> figure) =>
        (figure.Key.StartsWith('p') || figure.Key == "max") && double.IsFinite(figure.Value)
            ? double.Parse(figure.Value.ToString("G3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)
            : figure.Value;

    private static double Number(NumberDataPoint point) =>
        point.ValueCase == NumberDataPoint.ValueOneofCase.AsDouble ? point.AsDouble : point.AsInt;

    private static IEnumerable<Point> Points(ReceivedMetric received)
    {
        var metric = received.Metric;
        return metric.DataCase switch
        {
            Metric.DataOneofCase.Gauge => metric.Gauge.DataPoints.Select(point =>
                new Point(Key("gauge", point.Attributes), point.TimeUnixNano, point.Flags, point, point.Attributes)),
            Metric.DataOneofCase.Sum => metric.Sum.DataPoints.Select(point => new Point(
                Key((metric.Sum.IsMonotonic ? "sum, " : "up-down sum, ") + Temporality(metric.Sum.AggregationTemporality), point.Attributes),
                point.TimeUnixNano,
                point.Flags,
                point,
                point.Attributes)),
            Metric.DataOneofCase.Histogram => metric.Histogram.DataPoints.Select(point => new Point(
                Key("histogram, " + Temporality(metric.Histogram.AggregationTemporality), point.Attributes), point.TimeUnixNano, point.Flags, point, point.Attributes)),
            Metric.DataOneofCase.ExponentialHistogram => metric.ExponentialHistogram.DataPoints.Select(point => new Point(
                Key("exp. histogram, " + Temporality(metric.ExponentialHistogram.AggregationTemporality), point.Attributes),
                point.TimeUnixNano,
                point.Flags,
                point,
                point.Attributes)),
            Metric.DataOneofCase.Summary => metric.Summary.DataPoints.Select(point =>
                new Point(Key("summary", point.Attributes), point.TimeUnixNano, point.Flags, point, point.Attributes)),
            _ => [],
        };

        StreamKey Key(string kind, RepeatedField<KeyValue> attributes) => new(
            Sorted(received.Resource.Attributes), received.Scope.Name, metric.Name, metric.Unit, kind, Sorted(attributes));
    }

    private static string Temporality(AggregationTemporality temporality) => temporality.ToString().ToLowerInvariant();

    private static string Sorted(IEnumerable<KeyValue> attributes) =>
        Plain.Attributes(attributes.OrderBy(attribute => attribute.Key, StringComparer.Ordinal));

    private sealed record StreamKey(string Resource, string Scope, string Name, string Unit, string Kind, string Attributes);

    private sealed record Point(StreamKey Key, ulong Time, uint Flags, object Data, IReadOnlyList<KeyValue> Tags);
}
