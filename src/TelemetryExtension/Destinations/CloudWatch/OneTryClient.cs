using Amazon.CloudWatchLogs;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using TelemetryExtension.Aws;

namespace TelemetryExtension.Destinations.CloudWatch;

/// <summary>
/// A client without the SDK's retries. The SDK pauses up to a second, longer than a flush, so the flush would never learn of the throttling; and the outbox
/// has its own schedule.
/// </summary>
internal sealed class OneTryClient(AWSCredentials credentials, AmazonCloudWatchLogsConfig config) : AmazonCloudWatchLogsClient(credentials, config)
{
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        base.CustomizeRuntimePipeline(pipeline);
        pipeline.ReplaceHandler<RetryHandler>(new RetryHandler(new AtOncePolicy()));
    }
}
