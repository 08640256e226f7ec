using System.Net.Security;
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
    private static readonly Lazy<ServerTrust> SystemTrust = new(static () => new(new CaBundle(new(StaticBinary.Prepare(), ""))));

    /// <param name="connector">Outlives the handler, because it remembers which address works.</param>
    /// <param name="isHttp2">HTTP/2 for every URL scheme, as for gRPC.</param>
    /// <exception cref="PemException">A file in <paramref name="tls"/> is unusable.</exception>
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
            // Do not set AutomaticDecompression, not even to None: it would add brotli to the binary.
            ActivityHeadersPropagator = null,
            MaxConnectionsPerServer = maxConnections,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            // OutboundConnections judges silence by the wall clock, because the monotonic clock may stop in a freeze.
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
