using System.Net.Security;
using TelemetryExtension.Configuration;
using TelemetryExtension.Native;
using TelemetryExtension.Network.Tls;

namespace TelemetryExtension.Network;

/// <summary>
/// Makes the handler that every outbound connection of the process goes through: it brings the trust that .NET no longer has here
/// (<see cref="StaticBinary"/>), the proxy that the environment names (<see cref="EnvironmentProxy"/>), and the race of a host's addresses.
/// </summary>
internal static class OutboundHandler
{
    private static readonly Lazy<ServerTrust> SystemTrust = new(static () => new(new CaBundle(new(StaticBinary.Prepare(), ""))));

    /// <param name="connector">Outlives the handler: it remembers which address works.</param>
    /// <param name="isHttp2">HTTP/2 whatever the URL's scheme is, as for gRPC.</param>
    /// <exception cref="PemException">A file named in <paramref name="tls"/> cannot be used.</exception>
    public static SocketsHttpHandler Create(Uri url, TlsFiles tls, int maxConnections, HostConnector connector, bool isHttp2 = false)
    {
        StaticBinary.Prepare();
        var proxy = EnvironmentProxy.For(url, Environment.GetEnvironmentVariable);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = proxy is not null,
            Proxy = proxy,
            // AutomaticDecompression is not set, not even to None: that would bring brotli into the binary.
            ActivityHeadersPropagator = null,
            MaxConnectionsPerServer = maxConnections,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            // Silence is judged by OutboundConnections, by the wall clock: the monotonic one may stand still while frozen.
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
            ConnectCallback = (context, cancellationToken) => connector.ConnectAsync(context.DnsEndPoint, cancellationToken),
        };
        if (url.Scheme == Uri.UriSchemeHttps)
        {
            var trust = tls.Certificate is { } file ? new ServerTrust(new CaBundle(file)) : SystemTrust.Value;
            handler.SslOptions = trust.Options(tls.ClientCertificate is { } client ? ClientCertificate.Load(client, tls.ClientKey) : null);
        }

        if (isHttp2 && url.Scheme == Uri.UriSchemeHttp && proxy?.Address.Scheme is "http" or "https")
        {
            handler.UseProxy = false;
            handler.ConnectCallback = (_, cancellationToken) => TunnelAsync(url, proxy!, connector, cancellationToken);
        }

        return handler;
    }

    private static async ValueTask<Stream> TunnelAsync(Uri url, EnvironmentProxy proxy, HostConnector connector, CancellationToken cancellationToken)
    {
        var stream = await connector.ConnectAsync(new(proxy.Address.IdnHost, proxy.Address.Port), cancellationToken).ConfigureAwait(false);
        try
        {
            if (proxy.Address.Scheme == Uri.UriSchemeHttps)
            {
                var secure = new SslStream(stream);
                stream = secure;
                var options = SystemTrust.Value.Options(clientCertificate: null);
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
