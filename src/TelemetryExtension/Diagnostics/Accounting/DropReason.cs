namespace TelemetryExtension.Diagnostics.Accounting;

/// <summary>Why a record was dropped. Every drop has a reason. Users see the names in snake_case in the ledger and as a metric attribute.</summary>
internal enum DropReason : byte
{
    /// <summary>The channel had no free slot.</summary>
    BufferItems,

    /// <summary>The channel's byte budget was exhausted.</summary>
    BufferBytes,

    /// <summary>The record could not be read.</summary>
    Malformed,

    /// <summary>A platform event of a type that this version does not know.</summary>
    UnknownType,

    /// <summary>No endpoint is configured for the signal.</summary>
    NoDestination,

    /// <summary>The backend refused it for good (4xx and the like).</summary>
    Refused,

    /// <summary>The outbox exceeded its ceiling. The oldest payload of the least valuable signal goes first.</summary>
    Shed,

    /// <summary>It exceeded the limit of age or attempts, and no dead-letter destination took it.</summary>
    Expired,

    /// <summary>Still undelivered when the environment ended, and no dead-letter destination took it.</summary>
    Shutdown,

    /// <summary>X-Ray did not sample the request, and the settings follow that decision.</summary>
    Unsampled,

    /// <summary>It waited in a file under /tmp that another process deleted or damaged.</summary>
    SpoolLost,

    /// <summary>An OTLP request that is larger than the limit or the buffer. Its sender got 413 or RESOURCE_EXHAUSTED.</summary>
    TooLarge,
}
