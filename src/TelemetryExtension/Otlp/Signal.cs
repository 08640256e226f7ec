namespace TelemetryExtension.Otlp;

/// <summary>The three OTLP signals. Each has its own endpoint, payloads and ledger lines.</summary>
internal enum Signal : byte
{
    Traces,
    Metrics,
    Logs,
}
