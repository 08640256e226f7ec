using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Processing.SemanticConventions;

namespace TelemetryExtension.Processing.Metrics;

/// <summary>The ledger as metrics: the counts of the log line, by signal.</summary>
internal static class LedgerMetrics
{
    public static void Record(MetricAggregator metrics, Ledger ledger, long timeUnixNano)
    {
        for (var i = 0; i < Ledger.Accounts; i++)
        {
            var line = ledger[(LedgerAccount)i];
            if (line.Received == 0)
                continue;
            var signal = new MetricAttributes(Conventions.LedgerSignal, line.Account.ToString().ToLowerInvariant());
            metrics.SetTotal(FaasMetrics.RecordsReceived, line.Received, timeUnixNano, signal);
            metrics.SetTotal(FaasMetrics.RecordsExported, line.Exported, timeUnixNano, signal);
            metrics.SetTotal(FaasMetrics.RecordsRejected, line.Rejected, timeUnixNano, signal);
            metrics.SetTotal(FaasMetrics.RecordsDeadLettered, line.DeadLettered, timeUnixNano, signal);
            metrics.SetTotal(FaasMetrics.RecordsSampled, line.Sampled, timeUnixNano, signal);
            metrics.SetTotal(FaasMetrics.RecordsFiltered, line.Filtered, timeUnixNano, signal);
            metrics.SetTotal(FaasMetrics.ValuesRedacted, line.Redacted, timeUnixNano, signal);
            metrics.Set(FaasMetrics.RecordsSpooled, line.Spooled, timeUnixNano, signal);
            metrics.Set(FaasMetrics.RecordsBuffered, line.Buffered, timeUnixNano, signal);
            for (var reason = 0; reason < line.Dropped.Length; reason++)
                metrics.SetTotal(FaasMetrics.RecordsDropped, line.Dropped[reason], timeUnixNano,
                    signal with { SecondKey = Conventions.DropReason, SecondValue = LedgerLine.NameOf((DropReason)reason) });
        }
    }
}
