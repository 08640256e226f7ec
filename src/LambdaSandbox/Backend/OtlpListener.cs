using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LambdaSandbox.Backend;

/// <summary>Kestrel on the two OTLP ports. No limit of its own gets in the way of a fault: no data rates, no body size.</summary>
internal sealed class OtlpListener : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly CancellationTokenSource _stopping = new();

    private OtlpListener(WebApplication server, int grpcPort) => (_server, GrpcPort) = (server, grpcPort);

    public int GrpcPort { get; }

    /// <summary>Cancelled first thing when the listener stops, so that what hangs lets go.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <param name="certificate">Asked for every connection, when there is TLS.</param>
    /// <exception cref="IOException">A port is taken.</exception>
    public static async Task<OtlpListener> StartAsync(
        OtlpBackendOptions options,
        Func<X509Certificate2> certificate,
        int httpPort,
        int grpcPort,
        Func<OtlpListener, HttpContext, Task> handle,
        CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.MaxRequestBodySize = null;
            // Small, so that a slow reader is felt by the sender.
            kestrel.Limits.MaxRequestBufferSize = 64 * 1024;
            kestrel.Limits.Http2.InitialConnectionWindowSize = 64 * 1024;
            kestrel.Limits.Http2.InitialStreamWindowSize = 64 * 1024;
            kestrel.Listen(IPAddress.Loopback, httpPort, listen => Configure(listen, HttpProtocols.Http1));
            kestrel.Listen(IPAddress.Loopback, grpcPort, listen => Configure(listen, HttpProtocols.Http2));
        });

        var listener = new OtlpListener(builder.Build(), grpcPort);
        listener._server.Run(context => handle(listener, context));
        try
        {
            await listener._server.StartAsync(cancellationToken);
        }
        catch
        {
            await listener.DisposeAsync();
            throw;
        }

        return listener;

        void Configure(ListenOptions listen, HttpProtocols clearText)
        {
            listen.Protocols = clearText;
            if (options.Certificate is not null)
            {
                listen.Protocols = clearText == HttpProtocols.Http1 ? HttpProtocols.Http1AndHttp2 : clearText;
                listen.UseHttps(Tls(options, certificate));
            }

            listen.Use(next => connection =>
            {
                connection.Features.Set(new Wire.ConnectionTap(connection));
                return next(connection);
            });
        }
    }

    /// <summary>Ends all connections at once, answered or not.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _server.StopAsync(new CancellationToken(canceled: true));
        await _server.DisposeAsync();
        _stopping.Dispose();
    }

    private static TlsHandshakeCallbackOptions Tls(OtlpBackendOptions options, Func<X509Certificate2> certificate) => new()
    {
        OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate(), options.CertificateChain, offline: true),
            ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
        }),
    };

    /// <summary>The process belongs to somebody else: no signal handlers.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
