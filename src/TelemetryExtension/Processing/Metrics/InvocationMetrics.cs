using TelemetryExtension.Configuration;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.SemanticConventions;

namespace TelemetryExtension.Processing.Metrics;

/// <summary>Turns facts about invocations into measurements with the events' own times.</summary>
internal static class InvocationMetrics
{
    public static void Record(MetricAggregator metrics, InvocationFact fact, MetricOptions options)
    {
        switch (fact)
        {
            case InvocationFact.Finished finished:
                Finished(metrics, finished, Common(finished, options));
                break;
            case InvocationFact.Reported reported:
                Reported(metrics, reported, Common(reported, options), options.Prices);
                break;
            case InvocationFact.Initialized init:
                // An init ahead of time delays nobody. In the same histogram it would hide the cold starts that people wait for.
                if (init.UserWaited)
                    metrics.Record(FaasMetrics.InitDuration, Seconds(init.DurationMs), init.Time);
                break;
            case InvocationFact.Restored restored:
                metrics.Record(FaasMetrics.RestoreDuration, Seconds(restored.DurationMs), restored.Time);
                break;
            case InvocationFact.PlatformDropped dropped:
                metrics.Add(FaasMetrics.PlatformDroppedRecords, dropped.Records, dropped.Time);
                metrics.Add(FaasMetrics.PlatformDroppedBytes, dropped.Bytes, dropped.Time);
                break;
        }
    }

    private static void Finished(MetricAggregator metrics, InvocationFact.Finished finished, MetricAttributes common)
    {
        var outcome = finished.Status switch
        {
            null => null,
            "success" => FaasMetrics.Invocations,
            "timeout" => FaasMetrics.Timeouts,
            _ => FaasMetrics.Errors,
        };
        var failed = finished.ErrorType is { } type ? common with { Key = Conventions.ErrorType, Value = type } : common;
        if (outcome is not null)
            metrics.Add(outcome, 1, finished.Time, outcome == FaasMetrics.Errors ? failed : common);
        if (finished.ColdStart)
            metrics.Add(FaasMetrics.ColdStarts, 1, finished.Time, common);
        if (finished.DurationMs is { } duration)
            metrics.Record(FaasMetrics.InvokeDuration, Seconds(duration), finished.Time, failed);
        if (finished.ResponseLatencyMs is { } latency)
            metrics.Record(FaasMetrics.ResponseLatency, Seconds(latency), finished.Time, common);
        if (finished.ResponseDurationMs is { } response)
            metrics.Record(FaasMetrics.ResponseDuration, Seconds(response), finished.Time, common);
        if (finished.RuntimeOverheadMs is { } overhead)
            metrics.Record(FaasMetrics.RuntimeOverhead, Seconds(overhead), finished.Time, common);
        if (finished.ProducedBytes is { } bytes)
            metrics.Record(FaasMetrics.ProducedBytes, bytes, finished.Time, common);
    }

    private static void Reported(MetricAggregator metrics, InvocationFact.Reported reported, MetricAttributes common, PriceTable prices)
    {
        var report = reported.Metrics;
        if (report.MaxMemoryUsedMb is { } memory)
            metrics.Record(FaasMetrics.MemUsage, memory * 1024.0 * 1024.0, reported.Time, common);
        if (report.BilledDurationMs is { } billed)
        {
            metrics.Record(FaasMetrics.BilledDuration, Seconds(billed), reported.Time, common);
            if (report.MemorySizeMb is { } size)
                metrics.AddReal(FaasMetrics.EstimatedCost, prices.Of(billed, size), reported.Time, common);
        }

        if (reported.ExtensionOverheadMs is { } overhead)
            metrics.Record(FaasMetrics.ExtensionOverhead, Seconds(overhead), reported.Time, common);
    }

    private static MetricAttributes Common(InvocationFact fact, MetricOptions options) => new(Trigger: fact.Trigger, Tenant: options.ByTenant ? fact.Tenant : null);

    private static double Seconds(double milliseconds) => milliseconds / 1000;
}
