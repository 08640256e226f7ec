using System.Text.Json;
using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations.CloudWatch.Json;
using TelemetryExtension.Destinations.CloudWatch.Streams;

namespace TelemetryExtension.Destinations.CloudWatch.Emf;

/// <summary>
/// Data points with the same time and attributes. They become one line of Embedded Metric Format, or several when there are more than 100 metrics.
/// </summary>
internal sealed class EmfLine(long timeUnixMs, IReadOnlyDictionary<string, string> attributes)
{
    private const int MaxMetrics = 100;
    private const int MaxDimensions = 30;
    private const int MaxDimensionName = 250;
    private const int MaxDimensionValue = 1024;
    private readonly List<(string Name, string Unit, EmfPoint Point)> _metrics = [];

    public void Add(string name, string unit, EmfPoint point) => _metrics.Add((name, unit, point));

    public void WriteTo(List<LogEvent> events, EmfOptions options)
    {
        for (var rest = _metrics; rest.Count > 0;)
        {
            var (now, later) = Split(rest);
            events.Add(new(timeUnixMs, Write(now, options), now.Count));
            rest = later;
        }
    }

    /// <summary>Splits off the metrics for one line. Names are members of an object, so each may occur once.</summary>
    private static (List<(string Name, string Unit, EmfPoint Point)> Now, List<(string Name, string Unit, EmfPoint Point)> Later) Split(
        List<(string Name, string Unit, EmfPoint Point)> metrics)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var (now, later) = (new List<(string, string, EmfPoint)>(), new List<(string, string, EmfPoint)>());
        foreach (var metric in metrics)
            (now.Count < MaxMetrics && names.Add(metric.Name) ? now : later).Add(metric);
        return (now, later);
    }

    private string Write(List<(string Name, string Unit, EmfPoint Point)> metrics, EmfOptions options)
    {
        using var record = new RecordJson(ResourceInEvents.None);
        var json = record.Begin();
        var names = metrics.Select(metric => metric.Name).ToHashSet();
        var members = attributes.Where(attribute => attribute.Key != "_aws" && !names.Contains(attribute.Key))
            .ToDictionary(attribute => attribute.Key, attribute => Cut(attribute.Value), StringComparer.Ordinal);
        json.WriteStartObject("_aws");
        json.WriteNumber("Timestamp", timeUnixMs);
        json.WriteStartArray("CloudWatchMetrics");
        json.WriteStartObject();
        json.WriteString("Namespace", options.Namespace);
        WriteDimensions(json, options, members);
        json.WriteStartArray("Metrics");
        foreach (var (name, unit, _) in metrics)
        {
            json.WriteStartObject();
            json.WriteString("Name", name);
            if (EmfUnits.Of(unit) is { } known)
                json.WriteString("Unit", known);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        foreach (var (key, value) in members)
            json.WriteString(key, value);
        foreach (var (name, _, point) in metrics)
            WriteValue(json, name, point);
        return record.End();
    }

    /// <summary>Cuts a value without splitting a surrogate pair.</summary>
    private static string Cut(string value) => value.Length <= MaxDimensionValue ? value
        : value[..(char.IsHighSurrogate(value[MaxDimensionValue - 1]) ? MaxDimensionValue - 1 : MaxDimensionValue)];

    /// <summary>Writes the dimensions. Each needs a member of the same name with a valid value; names without one are left out of their set.</summary>
    private static void WriteDimensions(Utf8JsonWriter json, EmfOptions options, Dictionary<string, string> members)
    {
        var possible = members.Where(member => IsDimension(member.Key, member.Value)).Select(member => member.Key).ToHashSet(StringComparer.Ordinal);
        string[] own = options.PointAttributes ? [.. possible] : [];
        json.WriteStartArray("Dimensions");
        foreach (var set in options.Dimensions.Select(set => set.Where(possible.Contains).Union(own).Take(MaxDimensions).ToArray()).DistinctBy(set => string.Join('\n', set)))
        {
            json.WriteStartArray();
            foreach (var name in set)
                json.WriteStringValue(name);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    /// <summary>The rules for a Dimension in CloudWatch's API reference. An invalid dimension could cost the whole line.</summary>
    private static bool IsDimension(string name, string value) =>
        name.Length is > 0 and <= MaxDimensionName && name[0] != ':' && IsPrintable(name) && IsPrintable(value);

    /// <summary>ASCII without control characters, and not only blanks.</summary>
    private static bool IsPrintable(string text) => !text.AsSpan().ContainsAnyExceptInRange(' ', '~') && !string.IsNullOrWhiteSpace(text);

    private static void WriteValue(Utf8JsonWriter json, string name, EmfPoint point)
    {
        if (point.Count <= 1)
        {
            json.WriteNumber(name, point.Sum);
            return;
        }

        json.WriteStartObject(name);
        if (point is { Min: { } min, Max: { } max })
        {
            json.WriteNumber("Max", max);
            json.WriteNumber("Min", min);
            json.WriteNumber("Count", point.Count);
            json.WriteNumber("Sum", point.Sum);
        }
        else
        {
            // Only the mean is known, so write it Count times.
            json.WriteStartArray("Values");
            json.WriteNumberValue(point.Sum / point.Count);
            json.WriteEndArray();
            json.WriteStartArray("Counts");
            json.WriteNumberValue(point.Count);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }
}
