using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using EndToEnd.Tests.Aws;
using LambdaSandbox.CloudWatch;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace EndToEnd.Tests.CloudWatch;

/// <summary>A CloudWatch Logs that always gives the same answer, or accepts everything with a signature for its own time and region.</summary>
internal sealed class FakeCloudWatch : IAsyncDisposable
{
    private readonly WebApplication _app;
    private static readonly TimeSpan MaxSkew = TimeSpan.FromMinutes(5);

    private readonly ConcurrentBag<string> _brokenRules = [];
    private readonly ConcurrentQueue<AwsRequest> _requests = [];
    private int _calls;
    private int _refused;

    private FakeCloudWatch(WebApplication app) => _app = app;

    public string Url => _app.Urls.Single();

    public int Calls => Volatile.Read(ref _calls);

    /// <summary>Calls with a signature for another time or region.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>The offset of its clock, which every answer contains. Null accepts any time, like a service that checks no signature.</summary>
    public TimeSpan? Skew { get; init; }

    /// <summary>The error code for a wrong time, which depends on the service.</summary>
    public string SkewCode { get; init; } = "";

    /// <summary>Its region. Null accepts any.</summary>
    public string? Region { get; init; }

    /// <summary>The answer of the next calls: an error's name and status. Null accepts everything.</summary>
    public (int Status, string Code)? Error { get; set; }

    public static async Task<FakeCloudWatch> StartAsync((int Status, string Code)? error, TimeSpan? skew = null, string skewCode = "", string? region = null)
    {
        var fake = new FakeCloudWatch(LoopbackServer.Create()) { Error = error, Skew = skew, SkewCode = skewCode, Region = region };
        fake._app.Run(fake.AnswerAsync);
        await fake._app.StartAsync(TestContext.Current.CancellationToken);
        AwsRequest.Watch(fake._requests, fake.Url);
        return fake;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Assert.Empty(_brokenRules);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        Interlocked.Increment(ref _calls);
        var request = await AwsRequest.ReadAsync(context.Request);
        _requests.Enqueue(request);
        CheckRules(JsonNode.Parse(request.Content));
        context.Response.ContentType = "application/x-amz-json-1.1";
        if (Skew is { } skew)
            context.Response.Headers.Date = (DateTimeOffset.UtcNow + skew).ToString("R", CultureInfo.InvariantCulture);
        if ((Error ?? WrongSignature(context.Request)) is { } error)
        {
            context.Response.StatusCode = error.Status;
            await context.Response.WriteAsync($$"""{"__type":"{{error.Code}}","message":"because"}""", context.RequestAborted);
        }
        else
            await context.Response.WriteAsync("{}", context.RequestAborted);
    }

    /// <summary>The messages of PutLogEvents.</summary>
    private void CheckRules(JsonNode? call)
    {
        foreach (var logEvent in call?["logEvents"]?.AsArray() ?? [])
            foreach (var rule in CloudWatchRules.Check((string)logEvent!["message"]!))
                _brokenRules.Add($"{rule}: {logEvent["message"]}");
    }

    private (int Status, string Code)? WrongSignature(HttpRequest request)
    {
        var signed = DateTimeOffset.ParseExact(request.Headers["X-Amz-Date"].ToString(), "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        var wrong = Skew is { } skew && (DateTimeOffset.UtcNow + skew - signed).Duration() > MaxSkew ? SkewCode
            : Region is not null && !request.Headers.Authorization.ToString().Contains($"/{Region}/logs/aws4_request", StringComparison.Ordinal) ? "InvalidSignatureException"
            : null;
        if (wrong is null)
            return null;
        Interlocked.Increment(ref _refused);
        return (wrong == "RequestTimeTooSkewed" ? 403 : 400, wrong);
    }
}
