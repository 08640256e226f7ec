namespace TelemetryExtension.Otlp;

/// <summary>The three OTLP signals; each has its own endpoint, its own payloads and its own lines in the ledger.</summary>
internal enum Signal : byte
{
    Traces,
    Metrics,
    Logs,
}
