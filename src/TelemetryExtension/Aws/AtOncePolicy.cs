using Amazon.Runtime;
using Amazon.Runtime.Internal;

namespace TelemetryExtension.Aws;

/// <summary>
/// One more try, without a pause, for what no later one would cure or needs no waiting: a signature with our wrong clock, which is decided before this
/// policy is asked, and a pooled connection that died in a freeze. The SDK's own pauses of up to a second would outlast a flush.
/// </summary>
internal sealed class AtOncePolicy() : StandardRetryPolicy(1)
{
    public override bool RetryForException(IExecutionContext executionContext, Exception exception) => IsDeadConnection(exception);

    public override Task<bool> RetryForExceptionAsync(IExecutionContext executionContext, Exception exception) => Task.FromResult(IsDeadConnection(exception));

    public override void WaitBeforeRetry(IExecutionContext executionContext)
    {
    }

    public override Task WaitBeforeRetryAsync(IExecutionContext executionContext) => Task.CompletedTask;

    /// <summary>Not those that could not even be opened.</summary>
    private static bool IsDeadConnection(Exception exception) =>
        (exception as HttpRequestException ?? exception.InnerException as HttpRequestException)
            is { StatusCode: null, HttpRequestError: HttpRequestError.ResponseEnded or HttpRequestError.Unknown };
}
