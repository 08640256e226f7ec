using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace LambdaSandbox.CloudWatch;

/// <summary>One stored event.</summary>
public sealed record StoredLogEvent(string Stream, DateTimeOffset Time, string Message);

/// <summary>
/// Reads log events through the service's own API (JSON 1.1 over HTTP), without code of the extension or of an SDK. The signature is fake, because moto
/// reads only the region from it.
/// </summary>
public sealed class CloudWatchLogsReader(Uri url) : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>All events of a group in order of time. Empty when the group does not exist.</summary>
    public async Task<IReadOnlyList<StoredLogEvent>> EventsAsync(string group, string region = "eu-west-1", CancellationToken cancellationToken = default)
    {
        var events = new List<StoredLogEvent>();
        JsonNode? page = null;
        do
        {
            var request = new JsonObject { ["logGroupName"] = group };
            if (page is not null)
                request["nextToken"] = page["nextToken"]!.GetValue<string>();
            page = await CallAsync("FilterLogEvents", request, region, cancellationToken);
            events.AddRange((page?["events"]?.AsArray() ?? []).Select(Read));
        }
        while (page?["nextToken"] is not null);
        return [.. events.OrderBy(logEvent => logEvent.Time)];
    }

    public async Task<IReadOnlyList<string>> GroupsAsync(string region = "eu-west-1", CancellationToken cancellationToken = default)
    {
        var answer = await CallAsync("DescribeLogGroups", [], region, cancellationToken);
        return [.. (answer?["logGroups"]?.AsArray() ?? []).Select(group => group!["logGroupName"]!.GetValue<string>())];
    }

    /// <summary>Deletes a group, like a user who cleans up while the function runs.</summary>
    public Task DeleteGroupAsync(string group, string region = "eu-west-1", CancellationToken cancellationToken = default) =>
        CallAsync("DeleteLogGroup", new() { ["logGroupName"] = group }, region, cancellationToken);

    public void Dispose() => _http.Dispose();

    private static StoredLogEvent Read(JsonNode? node) => new(
        node!["logStreamName"]!.GetValue<string>(), DateTimeOffset.FromUnixTimeMilliseconds(node["timestamp"]!.GetValue<long>()), node["message"]!.GetValue<string>());

    /// <summary>Calls the API. Returns null when the resource does not exist.</summary>
    private async Task<JsonNode?> CallAsync(string operation, JsonObject body, string region, CancellationToken cancellationToken)
    {
        using var content = new StringContent(body.ToJsonString());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-amz-json-1.1");
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = content };
        request.Headers.Add("X-Amz-Target", "Logs_20140328." + operation);
        request.Headers.TryAddWithoutValidation(
            "Authorization", $"AWS4-HMAC-SHA256 Credential=reader/20260101/{region}/logs/aws4_request, SignedHeaders=host, Signature=0");
        using var response = await _http.SendAsync(request, cancellationToken);
        var answer = await response.Content.ReadAsStringAsync(cancellationToken);
        if (response.IsSuccessStatusCode)
            return answer.Length == 0 ? null : JsonNode.Parse(answer);
        return answer.Contains("ResourceNotFoundException", StringComparison.Ordinal)
            ? null
            : throw new HttpRequestException($"{operation}: {(int)response.StatusCode} {answer}");
    }
}
