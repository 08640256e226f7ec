using System.Net;
using Amazon.Runtime;

namespace Amazon.CloudWatchLogs;

/// <summary>Any answer of the service that is an error; <see cref="AmazonServiceException.ErrorCode"/> is the service's name for it.</summary>
internal class AmazonCloudWatchLogsException(
    string message, Exception? innerException, ErrorType errorType, string? errorCode, string? requestId, HttpStatusCode statusCode)
    : AmazonServiceException(message, innerException, errorType, errorCode, requestId, statusCode);
