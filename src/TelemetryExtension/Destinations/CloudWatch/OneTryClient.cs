using Amazon.CloudWatchLogs;
using Amazon.Runtime;
using Amazon.Runtime.Internal;

namespace TelemetryExtension.Destinations.CloudWatch;

/// <summary>
/// A client that hands every answer of the service on at once: the SDK's own pauses of up to a second would outlast a flush, which would then never learn
/// of the throttling, and the outbox has a schedule of its own. One more try, without a pause, remains for what no later one would cure or
/// needs no waiting: a signature with our wrong clock, and a pooled connection that died in a freeze.
/// </summary>
internal sealed class OneTryClient(AWSCredentials credentials, AmazonCloudWatchLogsConfig config) : AmazonCloudWatchLogsClient(credentials, config)
{
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        base.CustomizeRuntimePipeline(pipeline);
        pipeline.ReplaceHandler<RetryHandler>(new RetryHandler(new AtOncePolicy()));
    }

    /// <summary>What a wrong clock does is decided before any of these are asked.</summary>
    private sealed class AtOncePolicy() : StandardRetryPolicy(1)
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
}
