using TelemetryExtension.Otlp;

namespace TelemetryExtension.Diagnostics.Accounting;

/// <summary>The accounts of the ledger: the three signals, and the platform events that become spans and metrics.</summary>
internal enum LedgerAccount : byte
{
    Traces = Signal.Traces,
    Metrics = Signal.Metrics,
    Logs = Signal.Logs,

    /// <summary>Platform events received. "Exported" here means read and used.</summary>
    Events = 3,
}
