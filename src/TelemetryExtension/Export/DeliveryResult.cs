namespace TelemetryExtension.Export;

internal enum DeliveryStatus : byte
{
    /// <summary>Taken; final. May have rejected some records (partial_success): those are never retried.</summary>
    Delivered,

    /// <summary>Not taken now; may be taken later.</summary>
    Retryable,

    /// <summary>Refused for good.</summary>
    Refused,
}

/// <summary>What a destination said to one payload. Expected failures are values: no destination throws for them.</summary>
/// <param name="RejectedRecords">Records refused inside a delivered payload.</param>
/// <param name="RetryAfter">The server's own wish, if it had one.</param>
/// <param name="MayBeTooLargeOrPoisoned">The refusal (400, 413) may concern a part only: splitting the payload may save the rest.</param>
internal readonly record struct DeliveryResult(
    DeliveryStatus Status,
    int RejectedRecords = 0,
    string? Message = null,
    TimeSpan? RetryAfter = null,
    bool MayBeTooLargeOrPoisoned = false);
