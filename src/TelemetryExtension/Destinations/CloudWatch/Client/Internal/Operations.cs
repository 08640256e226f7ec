using System.Text.Json;
using Amazon.CloudWatchLogs.Model;

namespace Amazon.CloudWatchLogs.Internal;

/// <summary>Maps the members of each request and response to their names on the wire.</summary>
internal static class Operations
{
    public static readonly JsonOperation<PutLogEventsRequest, PutLogEventsResponse> PutLogEvents = new("PutLogEvents", Write, Read);

    public static readonly JsonOperation<CreateLogGroupRequest, CreateLogGroupResponse> CreateLogGroup =
        new("CreateLogGroup", static (json, request) => String(json, "logGroupName", request.LogGroupName));

    public static readonly JsonOperation<CreateLogStreamRequest, CreateLogStreamResponse> CreateLogStream = new("CreateLogStream", static (json, request) =>
    {
        String(json, "logGroupName", request.LogGroupName);
        String(json, "logStreamName", request.LogStreamName);
    });

    public static readonly JsonOperation<PutRetentionPolicyRequest, PutRetentionPolicyResponse> PutRetentionPolicy = new("PutRetentionPolicy", static (json, request) =>
    {
        String(json, "logGroupName", request.LogGroupName);
        Number(json, "retentionInDays", request.RetentionInDays);
    });

    public static readonly JsonOperation<FilterLogEventsRequest, FilterLogEventsResponse> FilterLogEvents = new("FilterLogEvents", Write, Read);

    private static void Write(Utf8JsonWriter json, PutLogEventsRequest request)
    {
        String(json, "logGroupName", request.LogGroupName);
        String(json, "logStreamName", request.LogStreamName);
        json.WriteStartArray("logEvents");
        foreach (var logEvent in request.LogEvents ?? [])
        {
            json.WriteStartObject();
            if (logEvent.Timestamp is { } time)
                json.WriteNumber("timestamp", new DateTimeOffset(time.ToUniversalTime()).ToUnixTimeMilliseconds());
            String(json, "message", logEvent.Message);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Read(JsonElement json, PutLogEventsResponse response)
    {
        if (!json.TryGetProperty("rejectedLogEventsInfo", out var rejected) || rejected.ValueKind != JsonValueKind.Object)
            return;
        response.RejectedLogEventsInfo = new()
        {
            ExpiredLogEventEndIndex = Int(rejected, "expiredLogEventEndIndex"),
            TooNewLogEventStartIndex = Int(rejected, "tooNewLogEventStartIndex"),
            TooOldLogEventEndIndex = Int(rejected, "tooOldLogEventEndIndex"),
        };
    }

    private static void Write(Utf8JsonWriter json, FilterLogEventsRequest request)
    {
        String(json, "logGroupName", request.LogGroupName);
        String(json, "logStreamNamePrefix", request.LogStreamNamePrefix);
        String(json, "filterPattern", request.FilterPattern);
        Number(json, "startTime", request.StartTime);
        Number(json, "endTime", request.EndTime);
        Number(json, "limit", request.Limit);
        String(json, "nextToken", request.NextToken);
    }

    private static void Read(JsonElement json, FilterLogEventsResponse response)
    {
        response.NextToken = Text(json, "nextToken");
        if (!json.TryGetProperty("events", out var events) || events.ValueKind != JsonValueKind.Array)
            return;
        response.Events = new(events.GetArrayLength());
        foreach (var logEvent in events.EnumerateArray())
        {
            response.Events.Add(new()
            {
                EventId = Text(logEvent, "eventId"),
                LogStreamName = Text(logEvent, "logStreamName"),
                Message = Text(logEvent, "message"),
                Timestamp = logEvent.TryGetProperty("timestamp", out var time) && time.TryGetInt64(out var value) ? value : null,
            });
        }
    }

    private static void String(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }

    private static void Number(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static int? Int(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : null;
}
