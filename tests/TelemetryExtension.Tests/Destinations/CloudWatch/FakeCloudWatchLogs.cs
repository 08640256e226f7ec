using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Destinations.CloudWatch;

/// <summary>
/// A fake CloudWatch Logs behind an <see cref="HttpMessageHandler"/>. It checks every signature with a second implementation, enforces the limits of
/// PutLogEvents, and keeps groups and streams. <see cref="Answers"/> are returned first, one per request.
/// </summary>
internal sealed class FakeCloudWatchLogs : HttpMessageHandler
{
    public const string Secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    public static AwsOptions Aws { get; } = new(Region: "eu-west-1", AccessKeyId: "AKIDEXAMPLE", SecretAccessKey: Secret, SessionToken: "session");

    public ConcurrentQueue<Func<HttpRequestMessage, HttpResponseMessage?>> Answers { get; } = new();

    public List<string> Calls { get; } = [];

    public Dictionary<string, Dictionary<string, List<(long Time, string Message)>>> Groups { get; } = [];

    public Dictionary<string, int> Retention { get; } = [];

    /// <summary>The server's clock. Requests signed more than five minutes away from it are refused. Null accepts any time.</summary>
    public Func<DateTimeOffset>? Clock { get; set; }

    public string? RejectedLogEventsInfo { get; set; }

    public bool Hangs { get; set; }

    /// <summary>Calls of this operation hang, and cancellation does not end them.</summary>
    public string? StuckAt { get; set; }

    public static HttpResponseMessage Error(int status, string type, string message = "no") =>
        new((HttpStatusCode)status) { Content = new StringContent(JsonSerializer.Serialize(new Dictionary<string, string> { ["__type"] = type, ["message"] = message })) };

    public IEnumerable<string> MessagesOf(string group) => Groups[group].Values.SelectMany(stream => stream).Select(logEvent => logEvent.Message);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = await request.Content!.ReadAsByteArrayAsync(cancellationToken);
        var headers = request.Headers.Concat(request.Content.Headers).ToDictionary(header => header.Key.ToLowerInvariant(), header => string.Join(' ', header.Value));
        headers["host"] = request.Headers.Host ?? request.RequestUri!.Authority;
        var operation = headers["x-amz-target"]["Logs_20140328.".Length..];
        lock (Calls)
            Calls.Add(operation);
        if (Hangs)
            await Task.Delay(Timeout.Infinite, cancellationToken);
        if (operation == StuckAt)
            await Task.Delay(Timeout.Infinite, CancellationToken.None);
        if (Answers.TryDequeue(out var answer) && answer(request) is { } given)
            return given;
        if (SigV4.Check(Secret, "logs", request.Method.Method, headers, body) is { } problem)
            return Error(400, "InvalidSignatureException", problem);
        if (Clock is { } clock && (clock() - SigV4.TimeOf(headers["x-amz-date"])).Duration() > TimeSpan.FromMinutes(5))
        {
            var skewed = Error(400, "InvalidSignatureException", "Signature expired: " + headers["x-amz-date"]);
            skewed.Headers.Date = clock();
            return skewed;
        }

        using var json = JsonDocument.Parse(body);
        lock (Calls)
            return Answer(operation, json.RootElement);
    }

    private HttpResponseMessage Answer(string operation, JsonElement json)
    {
        var group = json.GetProperty("logGroupName").GetString()!;
        var streams = Groups.GetValueOrDefault(group);
        if (operation == "CreateLogGroup")
            return Groups.TryAdd(group, []) ? Ok("") : Error(400, "ResourceAlreadyExistsException");
        if (streams is null)
            return Error(400, "ResourceNotFoundException", "The specified log group does not exist.");
        if (operation == "PutRetentionPolicy")
        {
            Retention[group] = json.GetProperty("retentionInDays").GetInt32();
            return Ok("");
        }

        if (operation == "FilterLogEvents")
            return Filter(streams, json);
        var stream = json.GetProperty("logStreamName").GetString()!;
        if (operation == "CreateLogStream")
            return streams.TryAdd(stream, []) ? Ok("") : Error(400, "ResourceAlreadyExistsException");
        if (!streams.TryGetValue(stream, out var stored))
            return Error(400, "ResourceNotFoundException", "The specified log stream does not exist.");
        var events = json.GetProperty("logEvents").EnumerateArray().Select(e => (Time: e.GetProperty("timestamp").GetInt64(), Message: e.GetProperty("message").GetString()!)).ToArray();
        if (BrokenLimit(events) is { } limit)
            return Error(400, "InvalidParameterException", limit);
        stored.AddRange(events);
        return Ok(RejectedLogEventsInfo is null ? """{"nextSequenceToken":"1"}""" : $$"""{"rejectedLogEventsInfo":{{RejectedLogEventsInfo}}}""");
    }

    /// <summary>One page per stream with an empty one in between, because both occur in practice.</summary>
    private static HttpResponseMessage Filter(Dictionary<string, List<(long Time, string Message)>> streams, JsonElement json)
    {
        var prefix = json.TryGetProperty("logStreamNamePrefix", out var p) ? p.GetString()! : "";
        var start = json.TryGetProperty("startTime", out var s) ? s.GetInt64() : 0;
        var chosen = streams.Where(stream => stream.Key.StartsWith(prefix, StringComparison.Ordinal)).OrderBy(stream => stream.Key, StringComparer.Ordinal).ToArray();
        var page = json.TryGetProperty("nextToken", out var token) ? int.Parse(token.GetString()!, System.Globalization.CultureInfo.InvariantCulture) : 0;
        var events = page % 2 == 1 || page / 2 >= chosen.Length ? [] : chosen[page / 2].Value.Where(e => e.Time >= start)
            .Select(e => new Dictionary<string, object> { ["timestamp"] = e.Time, ["message"] = e.Message, ["logStreamName"] = chosen[page / 2].Key, ["eventId"] = "1" }).ToArray();
        var answer = new Dictionary<string, object> { ["events"] = events };
        if ((page + 1) / 2 < chosen.Length)
            answer["nextToken"] = (page + 1).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return Ok(JsonSerializer.Serialize(answer));
    }

    private static string? BrokenLimit((long Time, string Message)[] events) =>
        events.Length is 0 or > 10_000 ? "number of events"
        : events.Any(e => e.Message.Length == 0) ? "empty message"
        : events.Sum(e => Encoding.UTF8.GetByteCount(e.Message) + 26) > 1_048_576 ? "Upload too large"
        : events.Zip(events.Skip(1)).Any(pair => pair.First.Time > pair.Second.Time) ? "not in chronological order"
        : events[^1].Time - events[0].Time > 86_400_000 ? "spans more than 24 hours"
        : null;

    private static HttpResponseMessage Ok(string json) => new(HttpStatusCode.OK) { Content = new StringContent(json) };
}
