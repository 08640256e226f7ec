using System.Collections.Concurrent;
using LambdaSandbox.CloudWatch;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace EndToEnd.Tests.Aws;

/// <summary>Stands before moto and passes everything on as it came, so that <see cref="Exits"/> sees what the extension sends there.</summary>
internal sealed class RecordingGateway : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _moto;
    private Exits? _exits;
    private ConcurrentQueue<AwsRequest> _requests = [];

    private RecordingGateway(WebApplication app, Uri moto) =>
        (_app, _moto) = (app, new(new SocketsHttpHandler { UseProxy = false, ActivityHeadersPropagator = null }) { BaseAddress = moto, Timeout = TimeSpan.FromSeconds(60) });

    /// <summary>The URL for the extension of this test. The requests from now on are this test's: tests of one collection run one after the other.</summary>
    public Uri Url
    {
        get
        {
            var url = new Uri(_app.Urls.Single());
            if (_exits != Exits.OfThisTest)
            {
                (_exits, _requests) = (Exits.OfThisTest, []);
                AwsRequest.Watch(_requests, url.ToString());
            }

            return url;
        }
    }

    /// <summary>What the extension sent in this test.</summary>
    public IReadOnlyList<AwsRequest> Requests => [.. _requests];

    public static async Task<RecordingGateway> StartAsync(Uri moto)
    {
        var gateway = new RecordingGateway(LoopbackServer.Create(), moto);
        gateway._app.Run(gateway.PassOnAsync);
        await gateway._app.StartAsync(TestContext.Current.CancellationToken);
        // Its code is compiled now, which takes longer than a flush may.
        using var reader = new CloudWatchLogsReader(new Uri(gateway._app.Urls.Single()));
        for (var number = 0; number < 5; number++)
            await reader.GroupsAsync(cancellationToken: TestContext.Current.CancellationToken);
        return gateway;
    }

    public async ValueTask DisposeAsync()
    {
        _moto.Dispose();
        await _app.DisposeAsync();
    }

    private async Task PassOnAsync(HttpContext context)
    {
        var taken = await AwsRequest.ReadAsync(context.Request);
        _requests.Enqueue(taken);
        using var request = new HttpRequestMessage(new HttpMethod(taken.Method), taken.Target) { Content = new ByteArrayContent(taken.Body) };
        foreach (var (name, value) in taken.Headers.Where(static header => !header.Key.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)))
            if (!request.Headers.TryAddWithoutValidation(name, value))
                request.Content.Headers.TryAddWithoutValidation(name, value);
        using var answer = await _moto.SendAsync(request, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers).Where(static header => header.Key is not ("Transfer-Encoding" or "Connection")))
            context.Response.Headers[name] = values.ToArray();
        await context.Response.Body.WriteAsync(await answer.Content.ReadAsByteArrayAsync(context.RequestAborted), context.RequestAborted);
    }
}
