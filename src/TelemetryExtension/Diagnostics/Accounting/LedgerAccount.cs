using TelemetryExtension.Otlp;

namespace TelemetryExtension.Diagnostics.Accounting;

/// <summary>What the ledger keeps apart: the three signals, and the platform events that spans and metrics are made of.</summary>
internal enum LedgerAccount : byte
{
    Traces = Signal.Traces,
    Metrics = Signal.Metrics,
    Logs = Signal.Logs,

    /// <summary>Platform events received; "exported" here means: read and used.</summary>
    Events = 3,
}
