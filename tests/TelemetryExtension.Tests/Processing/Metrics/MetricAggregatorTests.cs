using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Processing.Metrics;

namespace TelemetryExtension.Tests.Processing.Metrics;

public class MetricAggregatorTests
{
    private readonly MetricAggregator _delta = new(1000);

    [Fact]
    public void Delta_EachCollection_ReportsTheIncrease()
    {
        _delta.Add(FaasMetrics.Invocations, 1, 1100);
        _delta.Add(FaasMetrics.Invocations, 2, 1200);
        var first = Assert.Single(_delta.Collect());
        Assert.Equal((3, 1000, 1200), (first.Value, first.StartUnixNano, first.TimeUnixNano));
        Assert.Empty(_delta.Collect());
        _delta.Add(FaasMetrics.Invocations, 1, 1300);
        var second = Assert.Single(_delta.Collect());
        Assert.Equal((1, 1200, 1300), (second.Value, second.StartUnixNano, second.TimeUnixNano));
    }

    [Fact]
    public void Cumulative_ReportsTotals_OnlyAfterAChange()
    {
        var metrics = new MetricAggregator(1000, MetricTemporality.Cumulative);
        metrics.Add(FaasMetrics.Invocations, 1, 1100);
        metrics.Record(FaasMetrics.InvokeDuration, 0.2, 1100);
        Assert.Equal(2, metrics.Collect().Count);
        Assert.Empty(metrics.Collect());
        metrics.Add(FaasMetrics.Invocations, 1, 1200);
        var point = Assert.Single(metrics.Collect());
        Assert.Equal((2, 1000, 1200), (point.Value, point.StartUnixNano, point.TimeUnixNano));
        metrics.Record(FaasMetrics.InvokeDuration, 0.2, 1300);
        Assert.Equal(2, Assert.Single(metrics.Collect()).Count);
    }

    [Fact]
    public void LateEvent_NeverMakesAWindowEndBeforeItStarts()
    {
        _delta.Add(FaasMetrics.ColdStarts, 1, 900);
        var first = Assert.Single(_delta.Collect());
        Assert.Equal((900, 900), (first.StartUnixNano, first.TimeUnixNano));
        _delta.Add(FaasMetrics.ColdStarts, 1, 1500);
        _delta.Collect();
        _delta.Add(FaasMetrics.ColdStarts, 1, 1200);
        var late = Assert.Single(_delta.Collect());
        Assert.Equal((1, 1500, 1500), (late.Value, late.StartUnixNano, late.TimeUnixNano));
    }

    [Fact]
    public void Histogram_BoundsAreInclusive_AndLastBucketIsOpen()
    {
        foreach (var seconds in new[] { 0, 0.005, 0.0051, 10, 10.1 })
            _delta.Record(FaasMetrics.InvokeDuration, seconds, 1100);
        var point = Assert.Single(_delta.Collect());
        Assert.Equal((2L, 1L, 1L, 1L), (point.Buckets![0], point.Buckets[1], point.Buckets[^2], point.Buckets[^1]));
        Assert.Equal(FaasMetrics.InvokeDuration.Bounds!.Length + 1, point.Buckets.Length);
        Assert.Equal((5, 0, 10.1), (point.Count, point.Min, point.Max));
        _delta.Record(FaasMetrics.InvokeDuration, 1, 1200);
        Assert.Equal((1, 1, 1), (point = Assert.Single(_delta.Collect())) is var next ? (next.Count, next.Min, next.Max) : default);
        Assert.Equal(1, point.Buckets!.Sum());
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(-1)]
    public void ValuesThatCannotBe_AreIgnored(double value)
    {
        _delta.Record(FaasMetrics.InvokeDuration, value, 1100);
        _delta.AddReal(FaasMetrics.EstimatedCost, value, 1100);
        Assert.Empty(_delta.Collect());
    }

    [Fact]
    public void Attributes_MakeStreamsOfTheirOwn_NextToEachOther()
    {
        _delta.Add(FaasMetrics.Errors, 1, 1100, new("error.type", "A"));
        _delta.Add(FaasMetrics.Timeouts, 1, 1100);
        _delta.Add(FaasMetrics.Errors, 2, 1100, new("error.type", "B"));
        Assert.Equal(["faas.errors", "faas.errors", "faas.timeouts"], _delta.Collect().Select(point => point.Definition.Name));
    }

    [Fact]
    public void Restart_ForgetsWhatTheSnapshotHad()
    {
        _delta.Add(FaasMetrics.ColdStarts, 1, 1100);
        _delta.Restart(5000);
        Assert.Empty(_delta.Collect());
        _delta.Add(FaasMetrics.ColdStarts, 1, 5100);
        var point = Assert.Single(_delta.Collect());
        Assert.Equal((1, 5000, 5100), (point.Value, point.StartUnixNano, point.TimeUnixNano));
    }

    [Fact]
    public void Ledger_IsCountedOnce_WithReasons()
    {
        var ledger = new Ledger();
        ledger.Received(LedgerAccount.Logs, 14);
        ledger.Spooled(LedgerAccount.Logs, 4);
        ledger.Exported(LedgerAccount.Logs, 6);
        ledger.Dropped(LedgerAccount.Logs, DropReason.BufferItems, 3);
        LedgerMetrics.Record(_delta, ledger, LedgerNames.Own, 1100);
        var points = _delta.Collect();
        Assert.Equal([("telemetry_extension.records.buffered", 1), ("telemetry_extension.records.dropped", 3), ("telemetry_extension.records.exported", 6),
            ("telemetry_extension.records.received", 14), ("telemetry_extension.records.spooled", 4)], points.Select(point => (point.Definition.Name, (int)point.Value)).Order());
        var dropped = points.Single(point => point.Definition == FaasMetrics.RecordsDropped).Attributes;
        Assert.Equal(("logs", "buffer_items"), (dropped.Value, dropped.SecondValue));
        ledger.Exported(LedgerAccount.Logs);
        LedgerMetrics.Record(_delta, ledger, LedgerNames.Own, 1200);
        points = _delta.Collect();
        Assert.Equal(1, points.Single(point => point.Definition == FaasMetrics.RecordsExported).Value);
        Assert.Equal(0, points.Single(point => point.Definition == FaasMetrics.RecordsBuffered).Value);
    }

    [Fact]
    public void Ledger_WithTheNamesOfTheConventions_CountsEachExportOnceByItsResult()
    {
        var ledger = new Ledger();
        ledger.Received(LedgerAccount.Logs, 100);
        ledger.Exported(LedgerAccount.Logs, 40);
        ledger.Rejected(LedgerAccount.Logs, 3);
        ledger.DeadLettered(LedgerAccount.Logs, 4);
        ledger.Sampled(LedgerAccount.Logs, 5);
        foreach (var reason in Enum.GetValues<DropReason>())
            ledger.Dropped(LedgerAccount.Logs, reason);
        ledger.Received(LedgerAccount.Traces, 2);
        ledger.Exported(LedgerAccount.Traces, 2);
        ledger.Received(LedgerAccount.Metrics, 7);
        ledger.Exported(LedgerAccount.Metrics, 7);
        ledger.Received(LedgerAccount.Events, 9);
        ledger.Exported(LedgerAccount.Events, 9);

        LedgerMetrics.Record(_delta, ledger, LedgerNames.Otel, 1100);

        var points = _delta.Collect().ToLookup(point => point.Definition);
        Assert.Equal(
            [("", 40), ("expired", 1), ("refused", 1), ("rejected", 3), ("shed", 1), ("shutdown", 1), ("spool_lost", 1)],
            points[FaasMetrics.LogRecordsExported].Select(point => (point.Attributes.Value ?? "", (int)point.Value)).Order());
        Assert.All(points[FaasMetrics.LogRecordsExported], point => Assert.Equal(point.Attributes.Value is null ? null : "error.type", point.Attributes.Key));
        Assert.Equal(2, Assert.Single(points[FaasMetrics.SpansExported]).Value);
        Assert.Equal(7, Assert.Single(points[FaasMetrics.DataPointsExported]).Value);
        // Platform events are not exported, and what was dropped before an export has no name in the conventions.
        Assert.Equal(("events", 9), Assert.Single(points[FaasMetrics.RecordsExported].Select(point => (point.Attributes.Value, (int)point.Value))));
        Assert.Empty(points[FaasMetrics.RecordsRejected]);
        Assert.Equal(
            ["buffer_bytes", "buffer_items", "malformed", "no_destination", "too_large", "unknown_type", "unsampled"],
            points[FaasMetrics.RecordsDropped].Select(point => point.Attributes.SecondValue).Order());
        Assert.Equal((4, 5), (Assert.Single(points[FaasMetrics.RecordsDeadLettered]).Value, Assert.Single(points[FaasMetrics.RecordsSampled]).Value));

        var sum = points[FaasMetrics.LogRecordsExported].Sum(point => point.Value) + points[FaasMetrics.RecordsDropped].Sum(point => point.Value) + 4 + 5
            + points[FaasMetrics.RecordsBuffered].Single(point => point.Attributes.Value == "logs").Value;
        Assert.Equal(points[FaasMetrics.RecordsReceived].Single(point => point.Attributes.Value == "logs").Value, sum);
    }

    [Fact]
    public void Definitions_AreUniqueAndComplete()
    {
        Assert.Equal(FaasMetrics.All.Count, FaasMetrics.All.Select(metric => metric.Name).Distinct().Count());
        Assert.All(FaasMetrics.All, metric => Assert.Equal(metric.Kind == MetricKind.Histogram, metric.Bounds is not null));
        Assert.All(FaasMetrics.All, metric => Assert.Equal(metric.Bounds?.Order(), metric.Bounds));
        Assert.Equal(typeof(FaasMetrics).GetFields().Length, FaasMetrics.All.Count);
    }
}
