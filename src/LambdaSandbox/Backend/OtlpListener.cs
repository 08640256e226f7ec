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

/// <summary>Kestrel on the two OTLP ports, without limits (data rates, body size) that would interfere with a fault.</summary>
internal sealed class OtlpListener : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly CancellationTokenSource _stopping = new();

    private OtlpListener(WebApplication server, int grpcPort) => (_server, GrpcPort) = (server, grpcPort);

    public int GrpcPort { get; }

    /// <summary>Cancelled first when the listener stops, so that hanging requests end.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <param name="certificate">Called for every connection, when TLS is on.</param>
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
            // A small buffer, so that the sender notices a slow reader.
            kestrel.Limits.MaxRequestBufferSize = 64 * 1024;
            kestrel.Limits.Http2.MaxStreamsPerConnection = options.MaxStreamsPerConnection;
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
                listen.Protocols = !options.TlsProtocols.Contains(SslApplicationProtocol.Http2) ? HttpProtocols.Http1
                    : clearText == HttpProtocols.Http1 ? HttpProtocols.Http1AndHttp2 : clearText;
                listen.UseHttps(Tls(options, certificate));
            }

            listen.Use(next => connection =>
            {
                connection.Features.Set(new Wire.ConnectionTap(connection));
                return next(connection);
            });
        }
    }

    /// <summary>Closes all connections at once, answered or not.</summary>
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
            ApplicationProtocols = options.TlsProtocols is { Count: > 0 } protocols ? [.. protocols] : null,
            ClientCertificateRequired = options.ClientAuthority is not null,
            RemoteCertificateValidationCallback = options.ClientAuthority is { } authority ? (_, client, _, _) => IsOf(client, authority) : null,
        }),
    };

    private static bool IsOf(X509Certificate? client, X509Certificate2 authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        return client is X509Certificate2 certificate && chain.Build(certificate);
    }

    /// <summary>Installs no signal handlers, because the process belongs to its caller.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
