using System.Text;
using TelemetryExtension.Configuration;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.SemanticConventions;

namespace TelemetryExtension.Processing.Metrics;

/// <summary>Encodes collected points as an ExportMetricsServiceRequest.</summary>
internal static class MetricEncoder
{
    /// <param name="points">Points of one metric are adjacent, as <see cref="MetricAggregator.Collect"/> returns them.</param>
    /// <param name="resource">A serialized Resource message.</param>
    /// <returns>Null when there are no points.</returns>
    public static OtlpPayload? Encode(IReadOnlyList<MetricPoint> points, MetricTemporality temporality, byte[] resource, DateTimeOffset now)
    {
        if (points.Count == 0)
            return null;
        using var writer = new OtlpWriter();
        for (var i = 0; i < points.Count;)
        {
            var end = i + 1;
            while (end < points.Count && ReferenceEquals(points[end].Definition, points[i].Definition))
                end++;
            WriteMetric(writer, points, i, end, temporality);
            i = end;
        }

        var scope = OtlpRequest.EncodeScope(Conventions.ScopeName, Conventions.Version);
        var body = OtlpRequest.Build(resource, scope, writer.Written, Encoding.UTF8.GetBytes(Conventions.SchemaUrl));
        return new(Signal.Metrics, body, points.Count, now);
    }

    private static void WriteMetric(OtlpWriter writer, IReadOnlyList<MetricPoint> points, int from, int to, MetricTemporality temporality)
    {
        var definition = points[from].Definition;
        var metric = writer.Open(OtlpFields.Scope.Items, 256);
        writer.String(OtlpFields.Metric.Name, definition.Name);
        writer.String(OtlpFields.Metric.Description, definition.Description);
        writer.String(OtlpFields.Metric.Unit, definition.Unit);
        var data = writer.Open((int)(definition.Kind switch
        {
            MetricKind.Gauge => MetricData.Gauge,
            MetricKind.Histogram => MetricData.Histogram,
            _ => MetricData.Sum,
        }), 200);
        for (var i = from; i < to; i++)
        {
            var point = writer.Open(OtlpFields.Metric.DataPoints);
            if (definition.Kind == MetricKind.Histogram)
                WriteHistogram(writer, points[i]);
            else
                WriteNumber(writer, points[i]);
            writer.Close(point);
        }

        if (definition.Kind != MetricKind.Gauge)
            writer.Varint(OtlpFields.Metric.Temporality, (ulong)temporality);
        if (definition.Kind is MetricKind.Counter or MetricKind.RealCounter)
            writer.Bool(OtlpFields.Metric.IsMonotonic, true);
        writer.Close(data);
        writer.Close(metric);
    }

    private static void WriteNumber(OtlpWriter writer, MetricPoint point)
    {
        if (point.Definition.Kind != MetricKind.Gauge)
            writer.Fixed64(OtlpFields.NumberPoint.Start, (ulong)point.StartUnixNano);
        writer.Fixed64(OtlpFields.NumberPoint.Time, (ulong)point.TimeUnixNano);
        if (point.Definition.Kind == MetricKind.RealCounter)
            writer.Double(OtlpFields.NumberPoint.Double, point.Sum);
        else
            writer.Fixed64(OtlpFields.NumberPoint.Int, (ulong)point.Value);
        if (point.Definition.Component is { } component)
        {
            writer.Attribute(OtlpFields.NumberPoint.Attributes, Conventions.OtelComponentType, component);
            // The type, and the number of the instance within the process.
            writer.Attribute(OtlpFields.NumberPoint.Attributes, Conventions.OtelComponentName, $"{component}/0");
        }

        WriteAttributes(writer, OtlpFields.NumberPoint.Attributes, point.Attributes);
    }

    private static void WriteHistogram(OtlpWriter writer, MetricPoint point)
    {
        writer.Fixed64(OtlpFields.HistogramPoint.Start, (ulong)point.StartUnixNano);
        writer.Fixed64(OtlpFields.HistogramPoint.Time, (ulong)point.TimeUnixNano);
        writer.Fixed64(OtlpFields.HistogramPoint.Count, (ulong)point.Count);
        writer.Double(OtlpFields.HistogramPoint.Sum, point.Sum);
        var counts = writer.Open(OtlpFields.HistogramPoint.BucketCounts);
        foreach (var count in point.Buckets!)
            writer.RawFixed64((ulong)count);
        writer.Close(counts);
        var bounds = writer.Open(OtlpFields.HistogramPoint.Bounds);
        foreach (var bound in point.Definition.Bounds!)
            writer.RawFixed64(BitConverter.DoubleToUInt64Bits(bound));
        writer.Close(bounds);
        WriteAttributes(writer, OtlpFields.HistogramPoint.Attributes, point.Attributes);
        writer.Double(OtlpFields.HistogramPoint.Min, point.Min);
        writer.Double(OtlpFields.HistogramPoint.Max, point.Max);
    }

    private static void WriteAttributes(OtlpWriter writer, int field, MetricAttributes attributes)
    {
        if (attributes.Key is not null)
            writer.Attribute(field, attributes.Key, attributes.Value!);
        if (attributes.SecondKey is not null)
            writer.Attribute(field, attributes.SecondKey, attributes.SecondValue!);
        if (attributes.Trigger is not null)
            writer.Attribute(field, Conventions.FaasTrigger, attributes.Trigger);
        if (attributes.Tenant is not null)
            writer.Attribute(field, Conventions.TenantId, attributes.Tenant);
    }
}
