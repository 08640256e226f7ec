namespace TelemetryExtension.Outbox;

/// <summary>What an answer changed for all that follows of a signal.</summary>
internal enum LaneChange : byte
{
    None,

    /// <summary>It is refused for good: nothing of it is sent but trials.</summary>
    Closed,

    /// <summary>It is taken in part only: it is sent in the background.</summary>
    TakenInPart,
}
