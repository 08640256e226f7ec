using LambdaSandbox;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Logs.V1;
using OpenTelemetry.Proto.Metrics.V1;
using OpenTelemetry.Proto.Trace.V1;

namespace EndToEnd.Tests.Harness;

/// <summary>The result after the end of the environment: the decoded telemetry, the ledger, and the extension's log.</summary>
internal sealed class Outcome(ShutdownResult shutdown, LedgerReading ledger, IReadOnlyList<string> lines, OtlpBackend backend)
{
    public ShutdownResult Shutdown => shutdown;

    public LedgerReading Ledger => ledger;

    /// <summary>The extension's log lines except the start line and the ledger.</summary>
    public IReadOnlyList<string> Said { get; } =
        [.. lines.Where(line => !line.StartsWith(LedgerReading.Prefix, StringComparison.Ordinal) && !IsDeadLetter(line) && !IsStart(line))];

    /// <summary>The lines with dead letters.</summary>
    public IReadOnlyList<string> DeadLetters { get; } = [.. lines.Where(IsDeadLetter)];

    public IReadOnlyList<ReceivedSpan> Received { get; } = backend.Spans;

    public IReadOnlyList<ReceivedLogRecord> ReceivedLogs { get; } = backend.LogRecords;

    public IReadOnlyList<Span> Spans { get; } = [.. backend.Spans.Select(received => received.Span)];

    public IReadOnlyList<LogRecord> Logs { get; } = [.. backend.LogRecords.Select(received => received.LogRecord)];

    public IReadOnlyList<Metric> Metrics { get; } = [.. backend.Metrics.Select(received => received.Metric)];

    /// <summary>The one SERVER span of this invocation.</summary>
    public Span Invocation(string requestId)
    {
        var found = Spans.Where(span => span.Kind == Span.Types.SpanKind.Server && span.Text("faas.invocation_id") == requestId).ToList();
        Assert.True(found.Count == 1, $"{found.Count} SERVER spans of {requestId}, in:\n{this}");
        return found[0];
    }

    public Span Invocation(InvocationResult result) => Invocation(result.RequestId);

    public IReadOnlyList<Span> Children(Span parent) =>
        [.. Spans.Where(span => span.ParentSpanId == parent.SpanId && span.TraceId == parent.TraceId).OrderBy(span => span.StartTimeUnixNano)];

    public Span Child(Span parent, string name)
    {
        var found = Children(parent).Where(span => span.Name == name).ToList();
        Assert.True(found.Count == 1, $"{found.Count} children named {name} of {parent.Name}, in:\n{this}");
        return found[0];
    }

    public Span Single(string name)
    {
        var found = Spans.Where(span => span.Name == name).ToList();
        Assert.True(found.Count == 1, $"{found.Count} spans named {name}, in:\n{this}");
        return found[0];
    }

    public IReadOnlyList<LogRecord> LogsOf(string requestId) => [.. Logs.Where(log => log.Text("faas.invocation_id") == requestId)];

    /// <summary>The one log record with this body.</summary>
    public LogRecord Log(string body)
    {
        var found = Logs.Where(log => log.Body?.StringValue == body).ToList();
        Assert.True(found.Count == 1, $"{found.Count} log records '{body}', in:\n{this}");
        return found[0];
    }

    /// <summary>The only log line with this text.</summary>
    public string Line(string about)
    {
        var found = Said.Where(line => line.Contains(about, StringComparison.Ordinal)).ToList();
        Assert.True(found.Count == 1, $"{found.Count} lines about {about}, in:\n{string.Join('\n', Said)}");
        return found[0];
    }

    /// <summary>The sum of a counter over all its points, or over those with these attributes. They must be deltas.</summary>
    public double Total(string metric, params IReadOnlyList<(string Key, string Value)> attributes) => Metrics.Where(one => one.Name == metric).Sum(one =>
    {
        Assert.Equal((Metric.DataOneofCase.Sum, AggregationTemporality.Delta, true), (one.DataCase, one.Sum.AggregationTemporality, one.Sum.IsMonotonic));
        return one.Sum.DataPoints.Where(point => attributes.All(attribute => point.Attributes.Value(attribute.Key)?.StringValue == attribute.Value))
            .Sum(point => point.HasAsInt ? point.AsInt : point.AsDouble);
    });

    /// <summary>The counts of invocations: successes, errors, timeouts, cold starts.</summary>
    public (double Succeeded, double Failed, double TimedOut, double Cold) Counts =>
        (Total("faas.invocations"), Total("faas.errors"), Total("faas.timeouts"), Total("faas.coldstarts"));

    /// <summary>The values of a gauge.</summary>
    public IReadOnlyList<long> Gauge(string metric) => [.. Metrics.Where(one => one.Name == metric).SelectMany(one =>
    {
        Assert.Equal(Metric.DataOneofCase.Gauge, one.DataCase);
        return one.Gauge.DataPoints.Select(point => point.AsInt);
    })];

    /// <summary>The count and sum of a histogram. The points must be deltas whose buckets contain as many values.</summary>
    public (long Count, double Sum) Distribution(string metric)
    {
        var points = Metrics.Where(one => one.Name == metric).SelectMany(one =>
        {
            Assert.Equal((Metric.DataOneofCase.Histogram, AggregationTemporality.Delta), (one.DataCase, one.Histogram.AggregationTemporality));
            return one.Histogram.DataPoints;
        }).ToList();
        Assert.All(points, point => Assert.Equal(point.Count, point.BucketCounts.Aggregate(0UL, (sum, count) => sum + count)));
        Assert.All(points, point => Assert.True(point.StartTimeUnixNano > 0 && point.StartTimeUnixNano <= point.TimeUnixNano, $"{metric}: {point}"));
        return (points.Sum(point => (long)point.Count), points.Sum(point => point.Sum));
    }

    public void CheckWhatAlwaysHolds(bool mayRepeat, bool backendHasAll)
    {
        // The backend counts accepted items, and the extension counts acknowledged ones.
        if (backendHasAll)
        {
            Check("traces", Ledger.Traces.Exported, Spans.Count);
            Check("logs", Ledger.Logs.Exported, Logs.Count);
            Check("metrics", Ledger.Metrics.Exported, Metrics.Sum(DataPoints));
        }

        Assert.DoesNotContain(Spans, span => span.TraceId.Length != 16 || span.SpanId.Length != 8 || span.ParentSpanId.Length is not (0 or 8));
        Assert.DoesNotContain(Spans, span => span.StartTimeUnixNano == 0 || span.EndTimeUnixNano < span.StartTimeUnixNano);
        var repeated = mayRepeat ? [] : Spans.GroupBy(span => span.SpanId).Where(group => group.Count() > 1).Select(group => group.First().Name);
        Assert.Empty(repeated);
        // For any input the extension's output follows the rules.
        Assert.Empty(BrokenRules(backend).Concat(EmbeddedMetrics.BrokenRules(Said)));
        // Every line of a dead letter can be read.
        DeadLetterReading.ReadAll(DeadLetters);
        // Fail on log lines that only bugs cause.
        var bugs = Said.Where(OwnBugs.IsOne).ToList();
        Assert.True(bugs.Count == 0, string.Join('\n', bugs));

        void Check(string signal, long exported, long arrived) =>
            Assert.True(mayRepeat ? arrived >= exported : arrived == exported, $"{signal}: exported {exported}, arrived {arrived}\n{string.Join('\n', lines)}");
    }

    /// <summary>Checks everything that a backend got.</summary>
    public static IEnumerable<string> BrokenRules(OtlpBackend backend) =>
        backend.Requests.SelectMany(static request => request.BrokenRules.Select(rule => $"{request}: {rule}")).Concat(OwnTelemetry.BrokenRules(backend));

    public override string ToString() => string.Join('\n', Spans.Select(Describe).Concat(Logs.Select(Describe)));

    internal static bool IsStart(string line) => line.StartsWith("[telemetry-extension] version ", StringComparison.Ordinal);

    private static bool IsDeadLetter(string line) => line.StartsWith("otlp-dead-letter/1 ", StringComparison.Ordinal);

    internal static int DataPoints(Metric metric) => metric.DataCase switch
    {
        Metric.DataOneofCase.Sum => metric.Sum.DataPoints.Count,
        Metric.DataOneofCase.Gauge => metric.Gauge.DataPoints.Count,
        Metric.DataOneofCase.Histogram => metric.Histogram.DataPoints.Count,
        Metric.DataOneofCase.ExponentialHistogram => metric.ExponentialHistogram.DataPoints.Count,
        Metric.DataOneofCase.Summary => metric.Summary.DataPoints.Count,
        _ => 0,
    };

    private static string Describe(Span span) =>
        $"  span {span.TraceId.Hex()} {span.SpanId.Hex()} < {span.ParentSpanId.Hex()} {span.Kind} '{span.Name}' {span.Attributes}";

    private static string Describe(LogRecord log) => $"  log {log.TraceId.Hex()} {log.SpanId.Hex()} '{log.Body?.StringValue}' {log.Attributes}";
}
