using System.Net.Security;
using System.Net.Sockets;
using TelemetryExtension.Configuration;
using TelemetryExtension.Native;
using TelemetryExtension.Network.Tls;

namespace TelemetryExtension.Network;

/// <summary>
/// Creates the handler for every outbound connection of the process. It adds the certificate validation that .NET lacks here (<see
/// cref="StaticBinary"/>), the proxy from the environment (<see cref="EnvironmentProxy"/>), and the race of a host's addresses.
/// </summary>
internal static class OutboundHandler
{
    private static PemSource SystemBundle => new(StaticBinary.Prepare(), "");

    /// <param name="connector">Outlives the handler, because it remembers which address works.</param>
    /// <param name="isHttp2">HTTP/2 for every URL scheme, as for gRPC.</param>
    /// <param name="prepared">Its connections are used first.</param>
    /// <exception cref="PemException">A file in <paramref name="tls"/> is unusable.</exception>
    public static SocketsHttpHandler Create(
        Uri url, TlsFiles tls, int maxConnections, HostConnector connector, bool isHttp2 = false, PreparedConnections? prepared = null)
    {
        StaticBinary.Prepare();
        var proxy = EnvironmentProxy.For(url, Environment.GetEnvironmentVariable);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = proxy is not null,
            Proxy = proxy,
            // Do not set AutomaticDecompression, not even to None: it would add brotli to the binary.
            ActivityHeadersPropagator = null,
            MaxConnectionsPerServer = maxConnections,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            // OutboundConnections judges silence by the wall clock, because the monotonic clock may stop in a freeze.
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
            ConnectCallback = (context, cancellationToken) =>
                prepared?.Take() is { } ready ? new(ready) : connector.ConnectAsync(context.DnsEndPoint, cancellationToken),
        };
        if (url.Scheme == Uri.UriSchemeHttps)
            handler.SslOptions = SslOptions(tls);
        if (proxy is not null && NeedsOwnTunnel(url, proxy, isHttp2))
        {
            handler.UseProxy = false;
            handler.ConnectCallback = (_, cancellationToken) => TunnelAsync(url, proxy, connector, cancellationToken);
        }

        return handler;
    }

    /// <summary>
    /// Opens a connection for a handler with the same arguments: to a host with TLS, to a proxy without what follows. Waits, so that the handshake runs
    /// on the caller's thread with its priority. Null for gRPC without TLS through a proxy, where all would be a tunnel.
    /// </summary>
    /// <exception cref="Exception">Whatever the network or TLS has to say.</exception>
    public static PreparedConnection? Open(Uri url, TlsFiles tls, HostConnector connector, bool isHttp2, CancellationToken cancellationToken)
    {
        StaticBinary.Prepare();
        var proxy = EnvironmentProxy.For(url, Environment.GetEnvironmentVariable);
        if (proxy is not null && NeedsOwnTunnel(url, proxy, isHttp2))
            return null;
        var target = proxy?.Address ?? url;
#pragma warning disable RS0030 // The warm-up's thread is there to wait.
        var stream = (NetworkStream)connector.ConnectAsync(new(target.IdnHost, target.Port), cancellationToken).AsTask().GetAwaiter().GetResult();
#pragma warning restore RS0030
        if (proxy is not null || url.Scheme != Uri.UriSchemeHttps)
            return new(stream, stream.Socket);
        var secure = new SslStream(stream);
        using var abort = cancellationToken.UnsafeRegister(static socket => ((Socket)socket!).Dispose(), stream.Socket);
        try
        {
            var options = SslOptions(tls);
            options.TargetHost = url.IdnHost;
            options.ApplicationProtocols = isHttp2 ? [SslApplicationProtocol.Http2] : null;
            secure.AuthenticateAsClient(options);
            return new(secure, stream.Socket);
        }
        catch
        {
            secure.Dispose();
            throw;
        }
    }

    private static SslClientAuthenticationOptions SslOptions(TlsFiles tls) =>
        ServerTrust.Of(tls.Certificate ?? SystemBundle).Options(tls.ClientCertificate is { } client ? ClientCertificate.Load(client, tls.ClientKey) : null);

    /// <summary>HttpClient cannot send HTTP/2 without TLS through a proxy.</summary>
    private static bool NeedsOwnTunnel(Uri url, EnvironmentProxy proxy, bool isHttp2) =>
        isHttp2 && url.Scheme == Uri.UriSchemeHttp && proxy.Address.Scheme is "http" or "https";

    private static async ValueTask<Stream> TunnelAsync(Uri url, EnvironmentProxy proxy, HostConnector connector, CancellationToken cancellationToken)
    {
        var stream = await connector.ConnectAsync(new(proxy.Address.IdnHost, proxy.Address.Port), cancellationToken).ConfigureAwait(false);
        try
        {
            if (proxy.Address.Scheme == Uri.UriSchemeHttps)
            {
                var secure = new SslStream(stream);
                stream = secure;
                var options = ServerTrust.Of(SystemBundle).Options(clientCertificate: null);
                options.TargetHost = proxy.Address.IdnHost;
                await secure.AuthenticateAsClientAsync(options, cancellationToken).ConfigureAwait(false);
            }

            await ProxyTunnel.OpenAsync(stream, url.IdnHost, url.Port, proxy.Credentials?.GetCredential(proxy.Address, "Basic"), cancellationToken).ConfigureAwait(false);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
