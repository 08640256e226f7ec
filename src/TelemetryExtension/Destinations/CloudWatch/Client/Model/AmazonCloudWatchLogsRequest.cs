using Amazon.Runtime;

namespace Amazon.CloudWatchLogs.Model;

internal abstract class AmazonCloudWatchLogsRequest : AmazonWebServiceRequest;
