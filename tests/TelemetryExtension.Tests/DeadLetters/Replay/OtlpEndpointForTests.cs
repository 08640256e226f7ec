using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using TelemetryExtension.Destinations;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.DeadLetters.Replay;

/// <summary>An OTLP/HTTP backend on loopback that records the bodies, and the simplest destination that sends to it.</summary>
internal sealed class OtlpEndpointForTests : IDestination, IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _http = new();

    private OtlpEndpointForTests(WebApplication app) => _app = app;

    public string Name => "test";

    public ConcurrentQueue<(string Path, byte[] Body)> Received { get; } = new();

    /// <summary>The status codes of the first requests. Later ones get 200.</summary>
    public ConcurrentQueue<HttpStatusCode> Answers { get; } = new();

    /// <summary>The number of records that it reports as rejected for every payload that it accepts.</summary>
    public int Rejects { get; set; }

    public Uri Url => new(_app.Urls.First());

    public static async Task<OtlpEndpointForTests> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var endpoint = new OtlpEndpointForTests(app);
        app.Run(endpoint.HandleAsync);
        await app.StartAsync(cancellationToken);
        return endpoint;
    }

    public bool Accepts(Signal signal) => true;

    public async ValueTask<DeliveryResult> DeliverAsync(OtlpPayload payload, CancellationToken cancellationToken)
    {
        using var content = new ReadOnlyMemoryContent(payload.Body);
        using var response = await _http.PostAsync(new Uri(Url, "/v1/" + payload.Signal.ToString().ToLowerInvariant()), content, cancellationToken);
        return response.StatusCode switch
        {
            HttpStatusCode.OK => new(DeliveryStatus.Delivered, Rejects),
            HttpStatusCode.ServiceUnavailable => new(DeliveryStatus.Retryable, Message: "503"),
            _ => new(DeliveryStatus.Refused, Message: response.StatusCode.ToString()),
        };
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        if (Answers.TryDequeue(out var status) && status != HttpStatusCode.OK)
            context.Response.StatusCode = (int)status;
        else
            Received.Enqueue((context.Request.Path, body.ToArray()));
    }
}
