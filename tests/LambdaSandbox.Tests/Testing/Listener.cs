using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace LambdaSandbox.Tests.Testing;

/// <summary>A telemetry destination that records the bodies and answers as scripted.</summary>
internal sealed class Listener : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly List<string> bodies = [];
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Listener(WebApplication app) => this.app = app;

    /// <summary>Called with the number of the request, from 1.</summary>
    public Func<int, Task<int>> Answer { get; set; } = _ => Task.FromResult(200);

    public string Uri => $"http://sandbox.localdomain:{new Uri(app.Urls.First()).Port}/telemetry";

    public IReadOnlyList<string> Bodies
    {
        get
        {
            lock (bodies)
                return [.. bodies];
        }
    }

    public IReadOnlyList<JsonNode> Events => [.. Bodies.Where(b => b.StartsWith('[')).SelectMany(b => JsonNode.Parse(b)!.AsArray()).Select(e => e!)];

    /// <summary>The HTTP method of each request.</summary>
    public ConcurrentQueue<string> Methods { get; } = new();

    public IEnumerable<string> Types => Events.Select(e => e["type"]!.GetValue<string>());

    public static async Task<Listener> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var listener = new Listener(app);
        app.Run(listener.HandleAsync);
        await app.StartAsync();
        return listener;
    }

    public async Task WaitAsync(Func<Listener, bool> condition, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(10));
        while (true)
        {
            Task signal;
            lock (bodies)
                signal = changed.Task;
            if (condition(this))
                return;
            await signal.WaitAsync(limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(new CancellationToken(canceled: true));
        await app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        Methods.Enqueue(context.Request.Method);
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        int number;
        lock (bodies)
        {
            bodies.Add(body);
            number = bodies.Count;
        }

        context.Response.StatusCode = await Answer(number);
        lock (bodies)
        {
            var signal = changed;
            changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
            signal.SetResult();
        }
    }
}
