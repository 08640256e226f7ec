namespace TelemetryExtension.Outbox;

/// <summary>How an answer changes the way a signal is sent.</summary>
internal enum LaneChange : byte
{
    None,

    /// <summary>The destination refuses the signal for good, so only trials are sent.</summary>
    Closed,

    /// <summary>The destination accepts only parts of the signal, so it is sent in the background.</summary>
    AcceptedInPart,
}
