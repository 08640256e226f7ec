namespace TelemetryExtension.Buffering;

/// <summary>Takes what arrives. Never blocks and never throws.</summary>
internal interface ITelemetrySink
{
    /// <summary>
    /// Takes the item and its reference to the body. Returns false when there is no room; the item is then released. A refused OTLP request does not
    /// count as received, because its sender retries it. Everything else counts as dropped.
    /// </summary>
    bool TryWrite(in TelemetryItem item);
}
