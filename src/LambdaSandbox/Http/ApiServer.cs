using System.Net;
using System.Text.Json.Nodes;
using LambdaSandbox.Platform;
using LambdaSandbox.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LambdaSandbox.Http;

/// <summary>The server for AWS_LAMBDA_RUNTIME_API: all APIs on one loopback port.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private ApiServer(WebApplication app) => this.app = app;

    /// <summary>host:port, as in AWS_LAMBDA_RUNTIME_API.</summary>
    public string Authority => new Uri(app.Urls.First()).Authority;

    public static async Task<ApiServer> StartAsync(PlatformState platform, TelemetryStream telemetry, string credentialsToken, int port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);

            // Clients may be frozen at any point of a request.
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromDays(1);
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromDays(1);
            kestrel.Limits.MaxRequestBodySize = null;
        });

        var app = builder.Build();
        app.Use(RefuseAsync);
        if (platform.Options.Faults.Api is { } fault)
            app.Use((context, next) => fault(context.Request.Method, context.Request.Path.Value ?? "") is { } error
                ? error.WriteAsync(context)
                : next(context));
        app.UseRouting();
        new RuntimeApi(platform).Map(app);
        new ExtensionsApi(platform).Map(app);
        new TelemetryApi(platform, telemetry).Map(app);
        app.MapGet("/2021-04-23/credentials", context => CredentialsAsync(context, credentialsToken));
        await app.StartAsync().ConfigureAwait(false);
        return new ApiServer(app);
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
        catch (ApiError e)
        {
            await e.WriteAsync(context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client is gone, so there is nobody to answer.
        }
    }

    private static Task CredentialsAsync(HttpContext context, string token) => context.Header("Authorization") == token
        ? context.WriteJsonAsync(200, new JsonObject
        {
            ["AccessKeyId"] = LambdaVariables.AccessKeyId,
            ["SecretAccessKey"] = LambdaVariables.SecretAccessKey,
            ["Token"] = LambdaVariables.SessionToken,
            ["Expiration"] = DateTimeOffset.UtcNow.AddHours(6).ToString("O"),
        })
        : new ApiError(403, "Forbidden", "wrong Authorization header").WriteAsync(context);

    /// <summary>Installs no signal handlers, because SIGTERM and Ctrl-C belong to the program that runs the sandbox.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
