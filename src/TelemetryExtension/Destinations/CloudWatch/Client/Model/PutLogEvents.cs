using Amazon.Runtime;

namespace Amazon.CloudWatchLogs.Model;

/// <summary>At most 10,000 events, sorted by time, over at most 24 h, with at most 1,048,576 bytes together, where each event counts 26 more.</summary>
internal sealed class PutLogEventsRequest : AmazonCloudWatchLogsRequest
{
    public string? LogGroupName { get; set; }

    public string? LogStreamName { get; set; }

    public List<InputLogEvent>? LogEvents { get; set; }
}

/// <summary>One event. The time is sent in whole milliseconds.</summary>
internal sealed class InputLogEvent
{
    public DateTime? Timestamp { get; set; }

    public string? Message { get; set; }
}

internal sealed class PutLogEventsResponse : AmazonWebServiceResponse
{
    public RejectedLogEventsInfo? RejectedLogEventsInfo { get; set; }
}

/// <summary>Events that the service did not store although the call succeeded, as indexes into the sorted list.</summary>
internal sealed class RejectedLogEventsInfo
{
    /// <summary>Everything before this index is older than the retention of the group.</summary>
    public int? ExpiredLogEventEndIndex { get; set; }

    /// <summary>Everything from this index on is more than two hours in the future.</summary>
    public int? TooNewLogEventStartIndex { get; set; }

    /// <summary>Everything before this index is more than 14 days old.</summary>
    public int? TooOldLogEventEndIndex { get; set; }
}
