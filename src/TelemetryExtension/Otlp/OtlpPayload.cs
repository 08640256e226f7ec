namespace TelemetryExtension.Otlp;

/// <summary>A serialized, uncompressed Export{Trace,Metrics,Logs}ServiceRequest (binary protobuf), ready to be delivered.</summary>
/// <param name="Body">Owned by the payload: never pooled, never changed.</param>
/// <param name="Records">Spans, data points or log records inside; what the ledger counts.</param>
/// <param name="Created">When it was encoded; its age limit counts from here.</param>
internal sealed record OtlpPayload(Signal Signal, ReadOnlyMemory<byte> Body, int Records, DateTimeOffset Created)
{
    /// <summary>Names the payload on the wire (batch id header) so that a re-send can be recognised.</summary>
    public string BatchId { get; init; } = Guid.NewGuid().ToString("N");
}
