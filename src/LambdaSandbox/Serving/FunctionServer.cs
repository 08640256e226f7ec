using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LambdaSandbox.Serving;

/// <summary>The port of `serve`: Invoke API, function URL, HTTP API.</summary>
internal sealed class FunctionServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private FunctionServer(WebApplication app) => this.app = app;

    public string Url => app.Urls.First();

    /// <param name="map">Adds the endpoints.</param>
    /// <exception cref="SandboxException">The port is taken.</exception>
    public static async Task<FunctionServer> StartAsync(int port, Action<WebApplication> map)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 64 << 20;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        var app = builder.Build();
        app.Use(RefuseAsync);
        app.UseRouting();
        map(app);
        app.MapFallback(context => new InvokeError(
            404, "ResourceNotFoundException", "lambda-sandbox serves POST /2015-03-31/functions/NAME/invocations, /url/... and /http-api/...").WriteAsync(context));
        try
        {
            await app.StartAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw new SandboxException($"--port {port}: {e.InnerException?.Message ?? e.Message}", e);
        }

        return new FunctionServer(app);
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await app.StopAsync(limit.Token).ConfigureAwait(false);
        await app.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task RefuseAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (InvokeError e) when (!context.Response.HasStarted)
        {
            await e.WriteAsync(context).ConfigureAwait(false);
        }
        catch (SandboxException e) when (!context.Response.HasStarted)
        {
            await new InvokeError(500, "ServiceException", e.Message).WriteAsync(context).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The client is gone, or the server is stopping.
            context.Abort();
        }
    }

    /// <summary>Installs no signal handlers, because the process belongs to its caller.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
