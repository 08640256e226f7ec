using Amazon.CloudWatchLogs;
using Amazon.Runtime;
using Amazon.Runtime.Internal;

namespace TelemetryExtension.Destinations.CloudWatch;

/// <summary>
/// A client without the SDK's retries. The SDK pauses up to a second, longer than a flush, so the flush would never learn of the throttling; and the outbox
/// has its own schedule. One immediate retry remains for two cases: a signature with a wrong clock, and a pooled connection that died in a freeze.
/// </summary>
internal sealed class OneTryClient(AWSCredentials credentials, AmazonCloudWatchLogsConfig config) : AmazonCloudWatchLogsClient(credentials, config)
{
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        base.CustomizeRuntimePipeline(pipeline);
        pipeline.ReplaceHandler<RetryHandler>(new RetryHandler(new AtOncePolicy()));
    }

    /// <summary>The base class handles a wrong clock before it calls any of these.</summary>
    private sealed class AtOncePolicy() : StandardRetryPolicy(1)
    {
        public override bool RetryForException(IExecutionContext executionContext, Exception exception) => IsDeadConnection(exception);

        public override Task<bool> RetryForExceptionAsync(IExecutionContext executionContext, Exception exception) => Task.FromResult(IsDeadConnection(exception));

        public override void WaitBeforeRetry(IExecutionContext executionContext)
        {
        }

        public override Task WaitBeforeRetryAsync(IExecutionContext executionContext) => Task.CompletedTask;

        /// <summary>Whether an open connection died. A connection that could not be opened is not retried.</summary>
        private static bool IsDeadConnection(Exception exception) =>
            (exception as HttpRequestException ?? exception.InnerException as HttpRequestException)
                is { StatusCode: null, HttpRequestError: HttpRequestError.ResponseEnded or HttpRequestError.Unknown };
    }
}
