using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Metrics.V1;

namespace EndToEnd.Tests.Harness;

/// <summary>The rules for records that the extension itself creates, in addition to those for the function's SDK.</summary>
internal static class OwnTelemetry
{
    private const string Scope = "telemetry-extension";

    public static IEnumerable<string> BrokenRules(OtlpBackend backend) =>
        backend.Spans.Where(received => received.Scope.Name == Scope).SelectMany(Check)
            .Concat(backend.LogRecords.Where(received => received.Scope.Name == Scope).SelectMany(Check))
            .Concat(backend.Metrics.Where(received => received.Scope.Name == Scope).SelectMany(Check));

    private static IEnumerable<string> Check(ReceivedSpan received)
    {
        var span = received.Span;
        if (span.TraceId.All(b => b == 0) || span.SpanId.All(b => b == 0))
            yield return $"span '{span.Name}' has an id of zeros";
        if (span.Name.Length == 0)
            yield return "a span has no name";
        if (span.Links.Any(link => link.TraceId.Length != 16 || link.SpanId.Length != 8))
            yield return $"span '{span.Name}' has a link without ids";
    }

    private static IEnumerable<string> Check(ReceivedLogRecord received)
    {
        var record = received.LogRecord;
        if ((int)record.SeverityNumber is < 0 or > 24)
            yield return $"log record {record.Body} has the severity {record.SeverityNumber}";
        if (record.SpanId.Length == 8 && record.TraceId.Length == 0 && record.SpanId.All(b => b == 0))
            yield return $"log record {record.Body} has an id of zeros";
        if (record.ObservedTimeUnixNano == 0)
            yield return $"log record {record.Body} was never observed";
    }

    private static IEnumerable<string> Check(ReceivedMetric received)
    {
        var metric = received.Metric;
        if (metric.Name.Length == 0 || Outcome.DataPoints(metric) == 0)
            yield return $"metric '{metric.Name}' has no name or no points";
        foreach (var point in metric.Histogram?.DataPoints ?? [])
            if (point.BucketCounts.Count != point.ExplicitBounds.Count + 1)
                yield return $"metric '{metric.Name}' has a wrong number of buckets";
        var times = metric.DataCase == Metric.DataOneofCase.Sum ? metric.Sum.DataPoints : metric.Gauge?.DataPoints ?? [];
        if (times.Any(point => point.TimeUnixNano == 0 || point.StartTimeUnixNano > point.TimeUnixNano))
            yield return $"metric '{metric.Name}' has a point out of time";
    }
}
