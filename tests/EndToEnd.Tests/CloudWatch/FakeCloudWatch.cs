using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace EndToEnd.Tests.CloudWatch;

/// <summary>A CloudWatch Logs that answers every call the same, or takes all.</summary>
internal sealed class FakeCloudWatch : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _calls;

    private FakeCloudWatch(WebApplication app) => _app = app;

    public string Url => _app.Urls.Single();

    public int Calls => Volatile.Read(ref _calls);

    /// <summary>What the next calls are answered: an error's name and status; null takes everything.</summary>
    public (int Status, string Code)? Error { get; set; }

    public static async Task<FakeCloudWatch> StartAsync((int Status, string Code)? error)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var fake = new FakeCloudWatch(builder.Build()) { Error = error };
        fake._app.Run(fake.AnswerAsync);
        await fake._app.StartAsync(TestContext.Current.CancellationToken);
        return fake;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        Interlocked.Increment(ref _calls);
        await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        context.Response.ContentType = "application/x-amz-json-1.1";
        if (Error is { } error)
        {
            context.Response.StatusCode = error.Status;
            await context.Response.WriteAsync($$"""{"__type":"{{error.Code}}","message":"because"}""", context.RequestAborted);
        }
        else
            await context.Response.WriteAsync("{}", context.RequestAborted);
    }
}
