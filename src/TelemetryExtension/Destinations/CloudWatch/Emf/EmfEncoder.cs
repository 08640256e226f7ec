using System.Globalization;
using System.Text;
using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations.CloudWatch.Json;
using TelemetryExtension.Destinations.CloudWatch.Streams;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Destinations.CloudWatch.Emf;

/// <param name="Unusable">Data points that CloudWatch cannot represent: NaN, infinite, without a sum or value, or with an invalid metric name.</param>
internal readonly record struct EmfResult(List<LogEvent> Events, int Unusable);

/// <summary>
/// Writes an ExportMetricsServiceRequest as lines of CloudWatch Embedded Metric Format. Points with the same time and attributes share a line. Attributes
/// are members of the line, and the settings choose which of them are dimensions. Not thread-safe, because cumulative series have state.
/// </summary>
/// <param name="environment">
/// Attributes of this environment's resource, such as faas.name. They supply dimensions that the resource of the function's SDK lacks.
/// </param>
internal sealed class EmfEncoder(EmfOptions options, Func<string, string?>? environment = null)
{
    /// <summary>From CloudWatch's specification of the format.</summary>
    private const int MaxMetricName = 1024;

    // CloudWatch accepts values from -2^360 to 2^360.
    private static readonly double MaxValue = Math.Pow(2, 360);

    private readonly CumulativeSeries _series = new();

    public EmfResult Encode(ReadOnlySpan<byte> request, DateTimeOffset now)
    {
        _series.Begin();
        var lines = new Dictionary<string, EmfLine>();
        var unusable = 0;
        OtlpRecords.Visit(request, (resource, scope, metric) => unusable += ReadMetric(lines, resource, scope, metric, now));
        var events = new List<LogEvent>(lines.Count);
        foreach (var line in lines.Values)
            line.WriteTo(events, options);
        return new(events, unusable);
    }

    /// <summary>Commits the last encoded request after its delivery.</summary>
    public void Commit() => _series.Commit();

    private int ReadMetric(
        Dictionary<string, EmfLine> lines, ReadOnlySpan<byte> resource, ReadOnlySpan<byte> scope, ReadOnlySpan<byte> metric, DateTimeOffset now)
    {
        var name = Encoding.UTF8.GetString(OtlpRecords.Find(metric, 1));
        var unit = Encoding.UTF8.GetString(OtlpRecords.Find(metric, 3));
        // Two scopes may have a metric of the same name, so each scope has its own series.
        var series = $"{name}\n{Encoding.Latin1.GetString(scope)}";
        var unusable = 0;
        var reader = new ProtobufReader(metric);
        while (reader.TryReadTag(out var field, out var type))
        {
            if (type != WireType.LengthDelimited || !Enum.IsDefined((MetricData)field))
            {
                reader.TrySkip(type);
                continue;
            }

            if (reader.TryReadBytes(out var data))
                unusable += ReadData(lines, (MetricData)field, (name, unit, series), resource, data, now);
        }

        return unusable;
    }

    private int ReadData(
        Dictionary<string, EmfLine> lines, MetricData kind, (string Name, string Unit, string Series) metric, ReadOnlySpan<byte> resource,
        ReadOnlySpan<byte> data, DateTimeOffset now)
    {
        var (cumulative, monotonic) = Shape(kind, data);
        var unusable = 0;
        var reader = new ProtobufReader(data);
        while (reader.TryReadTag(out var field, out var type))
        {
            if (field != 1 || type != WireType.LengthDelimited)
            {
                reader.TrySkip(type);
                continue;
            }

            if (!reader.TryReadBytes(out var bytes))
                break;
            var point = EmfPoint.Read(kind, bytes);
            var attributes = Attributes(kind, bytes, resource);
            var key = Key(attributes, resource);
            if (!IsName(metric.Name) || !IsUsable(point))
            {
                unusable++;
                continue;
            }

            if (cumulative)
            {
                var series = metric.Series + key;
                var sum = monotonic ? _series.DeltaOfSum(series, point) : null;
                var delta = monotonic ? (sum is { } added ? point with { Sum = added } : null) : _series.Delta(series, point);
                if (delta is not { HasValue: true } counted)
                    continue;
                point = counted;
            }

            var time = point.Time == 0 ? now.ToUnixTimeMilliseconds() : (long)(point.Time / 1_000_000);
            var lineKey = time.ToString(CultureInfo.InvariantCulture) + key;
            if (!lines.TryGetValue(lineKey, out var line))
                lines[lineKey] = line = new(time, attributes);
            line.Add(metric.Name, metric.Unit, point);
        }

        return unusable;
    }

    /// <summary>
    /// Whether values must be converted into differences, and whether they are sums (field 2 aggregation_temporality, 3 is_monotonic). The total of an
    /// UpDownCounter is a gauge.
    /// </summary>
    private static (bool Cumulative, bool Monotonic) Shape(MetricData kind, ReadOnlySpan<byte> data)
    {
        ulong temporality = 0, monotonic = 0;
        if (kind is MetricData.Gauge)
            return default;
        var reader = new ProtobufReader(data);
        while (reader.TryReadTag(out var field, out var type))
        {
            if (field == 2 && type == WireType.Varint)
                reader.TryReadVarint(out temporality);
            else if (field == 3 && type == WireType.Varint)
                reader.TryReadVarint(out monotonic);
            else
                reader.TrySkip(type);
        }

        return kind switch
        {
            MetricData.Sum => (temporality == 2 && monotonic != 0, true),
            MetricData.Summary => (true, false),
            _ => (temporality == 2, false),
        };
    }

    /// <summary>Values are members of the line, beside <c>_aws</c>, which the format reserves.</summary>
    private static bool IsName(string name) => name is { Length: > 0 and <= MaxMetricName } and not "_aws";

    private static bool IsUsable(EmfPoint point) =>
        point.HasValue && Math.Abs(point.Sum) <= MaxValue && Math.Abs(point.Min ?? 0) <= MaxValue && Math.Abs(point.Max ?? 0) <= MaxValue;

    /// <summary>The point's attributes, and those of the resource that are dimensions. The point's attributes win. Empty values are left out.</summary>
    private SortedDictionary<string, string> Attributes(MetricData kind, ReadOnlySpan<byte> point, ReadOnlySpan<byte> resource)
    {
        var attributes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in options.Dimensions.SelectMany(set => set))
            if ((AnyValueJson.Text(resource, 1, name) is { Length: > 0 } own ? own : environment?.Invoke(name)) is { Length: > 0 } value)
                attributes[name] = value;
        var reader = new ProtobufReader(point);
        while (reader.TryReadTag(out var field, out var type))
        {
            if (field != EmfPoint.AttributesField(kind) || type != WireType.LengthDelimited)
                reader.TrySkip(type);
            else if (reader.TryReadBytes(out var keyValue) && AnyValueJson.Text(OtlpRecords.Find(keyValue, 2)) is { Length: > 0 } value)
                attributes[Encoding.UTF8.GetString(OtlpRecords.Find(keyValue, 1))] = value;
        }

        return attributes;
    }

    private static string Key(SortedDictionary<string, string> attributes, ReadOnlySpan<byte> resource)
    {
        var hash = default(HashCode);
        hash.AddBytes(resource);
        var key = new StringBuilder().Append('\n').Append(hash.ToHashCode());
        foreach (var (name, value) in attributes)
            key.Append('\n').Append(name).Append('=').Append(value);
        return key.ToString();
    }
}
