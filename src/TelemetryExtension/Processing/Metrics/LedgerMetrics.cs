using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Processing.SemanticConventions;

namespace TelemetryExtension.Processing.Metrics;

/// <summary>
/// The ledger as metrics: the counts of the log line, by signal. With the names of the conventions a finished export counts once, under those names;
/// what the conventions have no name for keeps ours.
/// </summary>
internal static class LedgerMetrics
{
    /// <summary>The conventions ask for this value where a backend gives no reason.</summary>
    private const string Rejected = "rejected";

    public static void Record(MetricAggregator metrics, Ledger ledger, LedgerNames names, long timeUnixNano)
    {
        for (var i = 0; i < Ledger.Accounts; i++)
        {
            var line = ledger[(LedgerAccount)i];
            if (line.Received == 0)
                continue;
            var signal = new MetricAttributes(Conventions.LedgerSignal, line.Account.ToString().ToLowerInvariant());
            var exports = names == LedgerNames.Otel ? ExportsOf(line.Account) : null;
            metrics.SetTotal(FaasMetrics.RecordsReceived, line.Received, timeUnixNano, signal);
            metrics.SetTotal(exports ?? FaasMetrics.RecordsExported, line.Exported, timeUnixNano, exports is null ? signal : default);
            metrics.SetTotal(exports ?? FaasMetrics.RecordsRejected, line.Rejected, timeUnixNano, exports is null ? signal : Failure(Rejected));
            metrics.SetTotal(FaasMetrics.RecordsDeadLettered, line.DeadLettered, timeUnixNano, signal);
            metrics.SetTotal(FaasMetrics.RecordsSampled, line.Sampled, timeUnixNano, signal);
            metrics.SetTotal(FaasMetrics.RecordsFiltered, line.Filtered, timeUnixNano, signal);
            metrics.SetTotal(FaasMetrics.ValuesRedacted, line.Redacted, timeUnixNano, signal);
            metrics.Set(FaasMetrics.RecordsSpooled, line.Spooled, timeUnixNano, signal);
            metrics.Set(FaasMetrics.RecordsBuffered, line.Buffered, timeUnixNano, signal);
            for (var number = 0; number < line.Dropped.Length; number++)
            {
                var reason = (DropReason)number;
                var name = LedgerLine.NameOf(reason);
                if (exports is not null && IsFailedExport(reason))
                    metrics.SetTotal(exports, line.Dropped[number], timeUnixNano, Failure(name));
                else
                    metrics.SetTotal(FaasMetrics.RecordsDropped, line.Dropped[number], timeUnixNano, signal with { SecondKey = Conventions.DropReason, SecondValue = name });
            }
        }
    }

    /// <summary>Null for platform events: they are read and used here, and not exported.</summary>
    private static MetricDefinition? ExportsOf(LedgerAccount account) => account switch
    {
        LedgerAccount.Traces => FaasMetrics.SpansExported,
        LedgerAccount.Metrics => FaasMetrics.DataPointsExported,
        LedgerAccount.Logs => FaasMetrics.LogRecordsExported,
        _ => null,
    };

    /// <summary>Whether the record was dropped on its way to a backend. Other records never came so far.</summary>
    private static bool IsFailedExport(DropReason reason) =>
        reason is DropReason.Refused or DropReason.Shed or DropReason.Expired or DropReason.Shutdown or DropReason.SpoolLost;

    private static MetricAttributes Failure(string cause) => new(Conventions.ErrorType, cause);
}
