using Amazon.Runtime;
using Amazon.Runtime.Internal;

namespace TelemetryExtension.Aws;

/// <summary>
/// Retries once, without a pause, after two errors that need no waiting: a pooled connection that died in a freeze, and a signature with a wrong clock,
/// which the SDK handles before it asks this policy. The SDK's own pauses of up to a second would outlast a flush.
/// </summary>
internal sealed class AtOncePolicy() : StandardRetryPolicy(1)
{
    public override bool RetryForException(IExecutionContext executionContext, Exception exception) => IsDeadConnection(exception);

    public override Task<bool> RetryForExceptionAsync(IExecutionContext executionContext, Exception exception) => Task.FromResult(IsDeadConnection(exception));

    public override void WaitBeforeRetry(IExecutionContext executionContext)
    {
    }

    public override Task WaitBeforeRetryAsync(IExecutionContext executionContext) => Task.CompletedTask;

    /// <summary>Whether an open connection failed. A connection that could not be opened is no reason to retry at once.</summary>
    private static bool IsDeadConnection(Exception exception) =>
        (exception as HttpRequestException ?? exception.InnerException as HttpRequestException)
            is { StatusCode: null, HttpRequestError: HttpRequestError.ResponseEnded or HttpRequestError.Unknown };
}
