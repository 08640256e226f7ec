namespace TelemetryExtension.Buffering;

/// <summary>Where what arrived goes. Never blocks and never throws.</summary>
internal interface ITelemetrySink
{
    /// <summary>
    /// Takes the item and its reference to the body. False: no room; the item has been counted as dropped and released, and
    /// the sender may be told to come again.
    /// </summary>
    bool TryWrite(in TelemetryItem item);
}
