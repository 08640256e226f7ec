namespace TelemetryExtension.Destinations;

internal enum DeliveryStatus : byte
{
    /// <summary>Taken; final. May have rejected some records (partial_success): those are never retried.</summary>
    Delivered,

    /// <summary>Not taken now; may be taken later.</summary>
    Retryable,

    /// <summary>Refused for good: not to be sent again, not by us.</summary>
    Refused,
}

/// <summary>What a destination said to one payload. Expected failures are values: no destination throws for them.</summary>
/// <param name="RejectedRecords">Records refused inside a delivered payload.</param>
/// <param name="RetryAfter">The server's own wish, if it had one.</param>
/// <param name="MayBeTooLargeOrPoisoned">
/// The refusal (400, 413) is about what was sent, and may concern a part only: splitting the payload may save the rest. Any other (401, 404, 500) says
/// nothing against the payload: as a dead letter it can be sent again when the trouble is over.
/// </param>
/// <param name="IsTooLarge">It is the size for certain, or nearly so: smaller requests may be taken.</param>
/// <param name="IsUnanswered">The destination gave no answer within the time of one attempt.</param>
/// <param name="IsAboutTemporality">The destination's words name the temporality of metrics.</param>
internal readonly record struct DeliveryResult(
    DeliveryStatus Status,
    int RejectedRecords = 0,
    string? Message = null,
    TimeSpan? RetryAfter = null,
    bool MayBeTooLargeOrPoisoned = false,
    bool IsTooLarge = false,
    bool IsUnanswered = false,
    bool IsAboutTemporality = false);
