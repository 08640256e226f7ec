using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace EndToEnd.Tests.Aws;

/// <summary>
/// AWS's OTLP endpoints behind their own host names: each request must be signed for the service of its host, young, HTTP/1.1, within the limits, and for logs
/// name a group and a stream that exist. What it takes goes on to a backend as it came. CreateLogGroup and CreateLogStream work too.
/// </summary>
internal sealed class AwsEmulator : IAsyncDisposable
{
    public const string Region = "eu-west-1";
    public const string SecretKey = "sandbox/secret/example/key/not/a/real/one";
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(5);

    private readonly WebApplication _app;
    private readonly HttpClient _backend;
    private readonly ConcurrentQueue<AwsRequest> _requests = [];

    private AwsEmulator(WebApplication app, string backendUrl) => (_app, _backend) = (app, new() { BaseAddress = new(backendUrl) });

    public string Url => _app.Urls.First();

    /// <summary>How far its clock is ahead of ours.</summary>
    public TimeSpan Skew { get; init; }

    /// <summary>"group" and "group stream".</summary>
    public ConcurrentDictionary<string, bool> Existing { get; } = new();

    /// <summary>What was wrong with requests.</summary>
    public ConcurrentQueue<string> Refusals { get; } = new();

    /// <summary>Each request that was taken, for botocore: method, URL, headers and body in base64.</summary>
    public ConcurrentQueue<JsonObject> Taken { get; } = new();

    public static async Task<AwsEmulator> StartAsync(string backendUrl, TimeSpan skew = default)
    {
        var emulator = new AwsEmulator(LoopbackServer.Create(), backendUrl) { Skew = skew };
        emulator._app.Run(emulator.AnswerAsync);
        await emulator._app.StartAsync(TestContext.Current.CancellationToken);
        AwsRequest.Watch(emulator._requests, emulator.Url);
        return emulator;
    }

    public async ValueTask DisposeAsync()
    {
        _backend.Dispose();
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var request = await AwsRequest.ReadAsync(context.Request);
        _requests.Enqueue(request);
        var body = request.Body;
        context.Response.Headers.Date = (DateTimeOffset.UtcNow + Skew).ToString("R", CultureInfo.InvariantCulture);
        if (context.Request.Headers["X-Amz-Target"].ToString() is { Length: > 0 } target)
            await ManageAsync(context, target, body);
        else if (Problem(context.Request, body) is (var status, { } problem))
        {
            Refusals.Enqueue(problem);
            context.Response.StatusCode = status;
            await context.Response.WriteAsync(problem, context.RequestAborted);
        }
        else
            await TakeAsync(context, body);
    }

    private (int Status, string? Problem) Problem(HttpRequest request, byte[] body)
    {
        var service = request.Host.Host.Split('.')[0];
        if (request.Protocol != "HTTP/1.1" || request.Headers.ContentType != "application/x-protobuf")
            return (415, $"{request.Protocol} {request.Headers.ContentType}");
        if (request.Path != service switch { "xray" => "/v1/traces", "monitoring" => "/v1/metrics", _ => "/v1/logs" })
            return (404, $"{request.Host} has no {request.Path}");
        if (AwsSignature.Problem(request, body, SecretKey, service, Region) is { } problem)
            return (403, "InvalidSignatureException: " + problem);
        if ((DateTimeOffset.UtcNow + Skew - AwsSignature.TimeOf(request)).Duration() > MaxAge)
            return (403, "InvalidSignatureException: Signature expired");
        if (service == "logs" && !Existing.ContainsKey($"{request.Headers["x-aws-log-group"]} {request.Headers["x-aws-log-stream"]}"))
            return (400, "ResourceNotFoundException: The specified log stream does not exist.");
        return (0, null);
    }

    private async Task ManageAsync(HttpContext context, string target, byte[] body)
    {
        var json = JsonNode.Parse(body)!;
        var (group, stream) = ((string)json["logGroupName"]!, (string?)json["logStreamName"]);
        context.Response.ContentType = "application/x-amz-json-1.1";
        var isMissing = target.EndsWith("CreateLogStream", StringComparison.Ordinal) && !Existing.ContainsKey(group);
        if (!isMissing)
            Existing[stream is null ? group : $"{group} {stream}"] = true;
        context.Response.StatusCode = isMissing ? 400 : 200;
        await context.Response.WriteAsync(isMissing ? """{"__type":"ResourceNotFoundException","message":"no group"}""" : "{}", context.RequestAborted);
    }

    private async Task TakeAsync(HttpContext context, byte[] body)
    {
        Taken.Enqueue(new()
        {
            ["method"] = context.Request.Method,
            ["url"] = $"http://{context.Request.Host}{context.Request.Path}{context.Request.QueryString}",
            ["headers"] = JsonSerializer.SerializeToNode(context.Request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString())),
            ["body"] = Convert.ToBase64String(body),
        });
        using var request = new HttpRequestMessage(HttpMethod.Post, context.Request.Path.Value) { Content = new ByteArrayContent(body) };
        foreach (var (name, value) in context.Request.Headers.Where(header => header.Key.StartsWith("content-", StringComparison.OrdinalIgnoreCase)))
            request.Content.Headers.TryAddWithoutValidation(name, value.ToString());
        request.Headers.TryAddWithoutValidation("x-telemetry-extension-batch-id", context.Request.Headers["x-telemetry-extension-batch-id"].ToString());
        request.Headers.TryAddWithoutValidation("user-agent", context.Request.Headers.UserAgent.ToString());
        using var answer = await _backend.SendAsync(request, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        context.Response.ContentType = "application/x-protobuf";
        await context.Response.Body.WriteAsync(await answer.Content.ReadAsByteArrayAsync(context.RequestAborted), context.RequestAborted);
    }
}
