namespace TelemetryExtension.Diagnostics.Accounting;

/// <summary>Why a record did not get out. Every drop names one; the names (snake_case) are what users see in the ledger and as metric attribute.</summary>
internal enum DropReason : byte
{
    /// <summary>The channel had no free slot.</summary>
    BufferItems,

    /// <summary>The channel's byte budget was used up.</summary>
    BufferBytes,

    /// <summary>Not readable as what it claims to be.</summary>
    Malformed,

    /// <summary>A platform event type we do not know: nothing is made of it.</summary>
    UnknownType,

    /// <summary>No endpoint is configured for the signal.</summary>
    NoDestination,

    /// <summary>The backend's final answer was no (4xx and the like).</summary>
    Refused,

    /// <summary>The outbox was over its ceiling; oldest of the least valuable signal goes first.</summary>
    Shed,

    /// <summary>Older, or tried more often, than the limits allow, and no dead-letter destination took it.</summary>
    Expired,

    /// <summary>Still undelivered when the environment ended, and no dead-letter destination took it.</summary>
    Shutdown,

    /// <summary>X-Ray's decision said unsampled, and the settings say to follow it.</summary>
    Unsampled,

    /// <summary>It waited in a file under /tmp that somebody else deleted or damaged.</summary>
    SpoolLost,

    /// <summary>An OTLP request that is larger than the limit or the buffer: answered with 413 or RESOURCE_EXHAUSTED.</summary>
    TooLarge,
}
