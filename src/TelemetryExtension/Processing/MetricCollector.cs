using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Metrics;

namespace TelemetryExtension.Processing;

/// <summary>Collects our own metrics: of invocations, of the environment and of the ledger. One caller at a time (the collector's lock).</summary>
internal sealed class MetricCollector(MetricOptions options, Ledger ledger, TimeProvider time, EnvironmentReader? environment = null)
{
    /// <summary>The ledger changes with every flush, even because of the last one. So its counters are sent at intervals and at the end.</summary>
    private static readonly TimeSpan LedgerInterval = TimeSpan.FromMinutes(1);

    private readonly MetricAggregator _metrics = new(Now(time), options.Temporality);
    private EnvironmentMetrics? _environment;
    private DateTimeOffset _lastLedger = time.GetUtcNow();
    private int _restores;

    public void InvocationStarted() => Environment.InvocationStarted(Now(time));

    /// <summary>Turns everything since the last call into one payload. Null when nothing happened.</summary>
    public OtlpPayload? Collect(InvocationTracker tracker, byte[] resource, bool last)
    {
        if (_restores != tracker.Restores)
        {
            _restores = tracker.Restores;
            _metrics.Restart(Now(time));
        }

        if (tracker.IsManagedInstances)
            Environment.WindowEnded(Now(time), used: tracker.IsRunning || tracker.Facts.Exists(static fact => fact is InvocationFact.Finished));
        else if (!tracker.IsRunning)
            Environment.InvocationEnded(Now(time));
        foreach (var fact in tracker.Facts)
            InvocationMetrics.Record(_metrics, fact, options);
        var now = time.GetUtcNow();
        if (options.Ledger && (last || (now - _lastLedger).Duration() >= LedgerInterval))
        {
            _lastLedger = now;
            LedgerMetrics.Record(_metrics, ledger, options.LedgerNames, Now(time));
        }

        return MetricEncoder.Encode(_metrics.Collect(), _metrics.Temporality, resource, now);
    }

    private EnvironmentMetrics Environment => _environment ??= new(_metrics, environment ?? new());

    private static long Now(TimeProvider time) => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
}
