using Amazon.Runtime;

namespace Amazon.CloudWatchLogs.Model;

/// <summary>Times are epoch milliseconds; the end is exclusive.</summary>
internal sealed class FilterLogEventsRequest : AmazonCloudWatchLogsRequest
{
    public string? LogGroupName { get; set; }

    public string? LogStreamNamePrefix { get; set; }

    public string? FilterPattern { get; set; }

    public long? StartTime { get; set; }

    public long? EndTime { get; set; }

    public int? Limit { get; set; }

    public string? NextToken { get; set; }
}

/// <summary>One page. An empty page is not necessarily the last.</summary>
internal sealed class FilterLogEventsResponse : AmazonWebServiceResponse
{
    public List<FilteredLogEvent>? Events { get; set; }

    public string? NextToken { get; set; }
}

internal sealed class FilteredLogEvent
{
    public string? EventId { get; set; }

    public string? LogStreamName { get; set; }

    public string? Message { get; set; }

    public long? Timestamp { get; set; }
}
