using Amazon.Runtime;

namespace Amazon.CloudWatchLogs.Model;

internal sealed class CreateLogGroupRequest : AmazonCloudWatchLogsRequest
{
    public string? LogGroupName { get; set; }
}

internal sealed class CreateLogGroupResponse : AmazonWebServiceResponse;

internal sealed class CreateLogStreamRequest : AmazonCloudWatchLogsRequest
{
    public string? LogGroupName { get; set; }

    public string? LogStreamName { get; set; }
}

internal sealed class CreateLogStreamResponse : AmazonWebServiceResponse;

internal sealed class PutRetentionPolicyRequest : AmazonCloudWatchLogsRequest
{
    public string? LogGroupName { get; set; }

    public int? RetentionInDays { get; set; }
}

internal sealed class PutRetentionPolicyResponse : AmazonWebServiceResponse;
