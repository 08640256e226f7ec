namespace TelemetryExtension.Otlp;

/// <summary>A serialized, uncompressed Export{Trace,Metrics,Logs}ServiceRequest (binary protobuf), ready for delivery.</summary>
/// <param name="Body">Owned by the payload: never pooled, never changed.</param>
/// <param name="Records">The number of spans, data points or log records inside, which the ledger counts.</param>
/// <param name="Created">When it was encoded. Its age limit counts from here.</param>
internal sealed record OtlpPayload(Signal Signal, ReadOnlyMemory<byte> Body, int Records, DateTimeOffset Created)
{
    /// <summary>Identifies the payload on the wire (batch id header), so that a backend can recognise a resend.</summary>
    public string BatchId { get; init; } = Guid.NewGuid().ToString("N");
}
