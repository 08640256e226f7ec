using OpenTelemetry.Proto.Metrics.V1;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Processing;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Metrics;
using TelemetryExtension.Tests.Otlp;
using TelemetryExtension.Tests.Processing.Invocations;

namespace TelemetryExtension.Tests.Processing;

/// <summary>CPU and network are measured from the announcement of an invocation to its end, even with a flush in between.</summary>
public sealed class MetricCollectorTests : IDisposable
{
    private const string Id = "3da1f2dc-3222-475e-9205-e2e6c6318895";
    private readonly string _root = Directory.CreateTempSubdirectory().FullName;
    private readonly InvocationTracker _tracker = new("orders");
    private readonly MetricCollector _collector;

    public MetricCollectorTests()
    {
        Directory.CreateDirectory(Path.Combine(_root, "proc/net"));
        Directory.CreateDirectory(Path.Combine(_root, "tmp"));
        _collector = new(new(true, MetricTemporality.Delta, new(1, 1)), new Ledger(), new ManualTimeProvider(), new EnvironmentReader(_root));
        Measured(cpuTicks: 1000, bytes: 5000);
    }

    [Fact]
    public void Collect_AtTheStartOfAnInvocation_DoesNotEndItsMeasuring()
    {
        _tracker.OnInvoke(Id, "", null, Ms(990));
        _collector.InvocationStarted();
        Assert.DoesNotContain(Collect(), metric => metric.Name is "faas.cpu_usage" or "faas.net_io");
        Measured(cpuTicks: 1030, bytes: 7500);
        _tracker.Apply(Events.Start(Id, Ms(1000), null));
        _tracker.Apply(Events.RuntimeDone(Id, Ms(1300), 300));

        var metrics = Collect();

        Assert.Equal(0.3, metrics.Single(metric => metric.Name == "faas.cpu_usage").Histogram.DataPoints.Single().Sum, 1e-9);
        Assert.Equal([2500, 2500], metrics.Where(metric => metric.Name == "faas.net_io").SelectMany(metric => metric.Histogram.DataPoints).Select(point => point.Sum));
    }

    [Fact]
    public void Collect_OnManagedInstances_MeasuresBetweenFlushesInWhichSomethingRan()
    {
        _tracker.Apply(Events.InitStart(Ms(0), "lambda-managed-instances", "init"));
        Collect();
        Measured(cpuTicks: 1500, bytes: 6000);
        Assert.DoesNotContain(Collect(), metric => metric.Name == "faas.cpu_usage");
        Measured(cpuTicks: 1520, bytes: 6100);
        _tracker.Apply(Events.Start("a", Ms(1000), null));
        _tracker.Apply(Events.Start("b", Ms(1000), null));
        _tracker.Apply(Events.Report("a", Ms(1100), 100));

        Assert.Equal(0.2, Collect().Single(metric => metric.Name == "faas.cpu_usage").Histogram.DataPoints.Single().Sum, 1e-9);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Collect_AtTheEnd_HasTheLedgerUnlessItIsTurnedOff(bool on)
    {
        var ledger = new Ledger();
        ledger.Received(LedgerAccount.Logs);
        var collector = new MetricCollector(new(true, MetricTemporality.Delta, new(1, 1), on), ledger, new ManualTimeProvider(), new EnvironmentReader(_root));

        Assert.Equal(on, collector.Collect(_tracker, [], last: true)?.Metrics().Any(metric => metric.Name == "telemetry_extension.records.received") ?? false);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private List<Metric> Collect()
    {
        var payload = _collector.Collect(_tracker, [], last: false);
        _tracker.Facts.Clear();
        return [.. payload?.Metrics() ?? []];
    }

    private void Measured(long cpuTicks, long bytes)
    {
        File.WriteAllText(Path.Combine(_root, "proc/stat"), $"cpu  {cpuTicks} 0 0 900 0 0 0 0 0 0\n");
        File.WriteAllText(Path.Combine(_root, "proc/net/dev"), $"Inter-|\n face |\n  eth0: {bytes} 1 0 0 0 0 0 0 {bytes} 1 0 0 0 0 0 0\n");
    }

    private static long Ms(long ms) => (1_754_913_600_000 + ms) * 1_000_000;
}
