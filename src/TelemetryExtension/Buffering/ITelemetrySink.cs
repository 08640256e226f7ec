namespace TelemetryExtension.Buffering;

/// <summary>Where what arrived goes. Never blocks and never throws.</summary>
internal interface ITelemetrySink
{
    /// <summary>
    /// Takes the item and its reference to the body. False: there is no room, and the item has been released. A refused OTLP request does not count as
    /// received, because its sender is told to send it again; everything else counts as dropped.
    /// </summary>
    bool TryWrite(in TelemetryItem item);
}
