using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace EndToEnd.Tests.Demo;

internal sealed record Received(string Path, Dictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);
}

/// <summary>
/// A minimal Runtime API, with an OTLP receiver on the same port. It returns the given events in order, records what is posted, and leaves the next /next
/// open like Lambda.
/// </summary>
internal sealed class RuntimeApiStub : IAsyncDisposable
{
    public const string TraceHeader = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0";

    private readonly WebApplication _server;
    private readonly ConcurrentQueue<string> _events;
    private readonly Channel<Received> _answers = Channel.CreateUnbounded<Received>();
    private int _served;

    private RuntimeApiStub(WebApplication server, string[] events)
    {
        _server = server;
        _events = new ConcurrentQueue<string>(events);
    }

    public string Address => new Uri(_server.Urls.Single()).Authority;

    /// <summary>The OTLP requests in order of arrival.</summary>
    public ConcurrentQueue<Received> Otlp { get; } = new();

    /// <summary>The paths of the GET requests in order of arrival.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>How long the call of restore/next waits for its answer.</summary>
    public TimeSpan RestoreAfter { get; set; }

    public DateTimeOffset RestoredAt { get; private set; }

    public static async Task<RuntimeApiStub> StartAsync(params string[] events)
    {
        var stub = new RuntimeApiStub(LoopbackServer.Create(), events);
        stub._server.Run(stub.HandleAsync);
        await stub._server.StartAsync(TestContext.Current.CancellationToken);
        return stub;
    }

    public async Task<Received> AnswerAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        return await _answers.Reader.ReadAsync(limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await _server.StopAsync(now.Token);
        await _server.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        if (HttpMethods.IsGet(context.Request.Method))
        {
            Asked.Enqueue(context.Request.Path.Value!);
            if (context.Request.Path.Value!.EndsWith("/restore/next", StringComparison.Ordinal))
                await RestoreNextAsync(context);
            else
                await NextAsync(context);
            return;
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var received = new Received(
            context.Request.Path, context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString()), body.ToArray());
        if (received.Path.StartsWith("/v1/", StringComparison.Ordinal))
        {
            Otlp.Enqueue(received);
            return;
        }

        context.Response.StatusCode = StatusCodes.Status202Accepted;
        await _answers.Writer.WriteAsync(received, context.RequestAborted);
    }

    private async Task RestoreNextAsync(HttpContext context)
    {
        await Task.Delay(RestoreAfter, context.RequestAborted);
        RestoredAt = TimeProvider.System.GetUtcNow();
    }

    private async Task NextAsync(HttpContext context)
    {
        if (!_events.TryDequeue(out var payload))
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
            return;
        }

        context.Response.Headers["Lambda-Runtime-Aws-Request-Id"] = $"request-{Interlocked.Increment(ref _served)}";
        context.Response.Headers["Lambda-Runtime-Invocation-Id"] = $"invocation-{_served}";
        context.Response.Headers["Lambda-Runtime-Deadline-Ms"] = TimeProvider.System.GetUtcNow().AddSeconds(10).ToUnixTimeMilliseconds().ToString(System.Globalization.CultureInfo.InvariantCulture);
        context.Response.Headers["Lambda-Runtime-Trace-Id"] = TraceHeader;
        await context.Response.WriteAsync(payload, context.RequestAborted);
    }
}
