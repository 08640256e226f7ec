using System.Net;
using Amazon.CloudWatchLogs.Model;
using Amazon.Runtime;
using TelemetryExtension.Diagnostics;

namespace TelemetryExtension.Destinations.CloudWatch.Streams;

/// <summary>
/// What a failed call means for its payload. Only what is wrong with the events themselves is final; missing permissions, groups and credentials
/// may be repaired while the environment lives, and until then the payload is better kept (and dead-lettered at the end) than lost.
/// </summary>
internal static class CloudWatchFailure
{
    public static DeliveryResult Of(Exception exception) => exception switch
    {
        InvalidParameterException => Refused(exception.Message),
        AmazonServiceException { ErrorCode: "ValidationException" or "SerializationException" } => Refused(exception.Message),
        AmazonServiceException { StatusCode: HttpStatusCode.RequestEntityTooLarge } => Refused("too large"),
        AmazonServiceException { ErrorCode: { Length: > 0 } code } => new(DeliveryStatus.Retryable, Message: $"{code}: {exception.Message}"),
        OperationCanceledException => new(DeliveryStatus.Retryable, Message: "no answer in time", IsUnanswered: true),
        _ => new(DeliveryStatus.Retryable, Message: Reason.Of(exception)),
    };

    private static DeliveryResult Refused(string message) => new(DeliveryStatus.Refused, Message: message, MayBeTooLargeOrPoisoned: true);
}
