namespace TelemetryExtension.Destinations;

internal enum DeliveryStatus : byte
{
    /// <summary>Accepted, which is final. Some records may be rejected (partial_success); those are never retried.</summary>
    Delivered,

    /// <summary>Not accepted now, but possibly later.</summary>
    Retryable,

    /// <summary>Refused for good. The extension does not send it again.</summary>
    Refused,
}

/// <summary>A destination's answer to one payload. Expected failures are values, not exceptions.</summary>
/// <param name="RejectedRecords">Records refused inside a delivered payload.</param>
/// <param name="RetryAfter">The delay that the server asked for, if any.</param>
/// <param name="MayBeTooLargeOrPoisoned">
/// The refusal (400, 413) is about the content, and possibly only about a part of it: splitting the payload may save the rest. Any other refusal (401, 404,
/// 500) is unrelated to the content: a dead letter can be replayed when the problem is solved.
/// </param>
/// <param name="IsTooLarge">The refusal is about the size, almost certainly. Smaller requests may be accepted.</param>
/// <param name="IsUnanswered">The destination gave no answer within the time of one attempt.</param>
/// <param name="IsAboutKey">The refusal (401, 403) is about the sender.</param>
/// <param name="IsAboutTemporality">The destination's message mentions the temporality of metrics.</param>
internal readonly record struct DeliveryResult(
    DeliveryStatus Status,
    int RejectedRecords = 0,
    string? Message = null,
    TimeSpan? RetryAfter = null,
    bool MayBeTooLargeOrPoisoned = false,
    bool IsTooLarge = false,
    bool IsUnanswered = false,
    bool IsAboutTemporality = false,
    bool IsAboutKey = false);
