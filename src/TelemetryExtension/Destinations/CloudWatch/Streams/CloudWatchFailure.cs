using System.Net;
using Amazon.CloudWatchLogs.Model;
using Amazon.Runtime;
using TelemetryExtension.Diagnostics;

namespace TelemetryExtension.Destinations.CloudWatch.Streams;

/// <summary>
/// Classifies a failed call. Only errors in the events themselves are final. Missing permissions, groups and credentials may be repaired while the
/// environment lives, so the payload is kept until then, and dead-lettered at the end.
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
