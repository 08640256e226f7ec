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
    /// <exception cref="PemException">A file named in <paramref name="tls"/> cannot be used.</exception>
    public static SocketsHttpHandler Create(Uri url, TlsFiles tls, int maxConnections, HostConnector connector)
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

        return handler;
    }
}
