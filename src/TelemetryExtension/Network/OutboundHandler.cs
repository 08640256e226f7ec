using System.Net;
using TelemetryExtension.Configuration;
using TelemetryExtension.Native;
using TelemetryExtension.Network.Tls;

namespace TelemetryExtension.Network;

/// <summary>
/// Makes the handler that every outbound connection of the process goes through: it brings the trust that .NET no longer has here
/// (<see cref="StaticBinary"/>). The proxy variables (HTTPS_PROXY, NO_PROXY, ...) are honoured, as by every OpenTelemetry exporter in .NET,
/// except for loopback.
/// </summary>
internal static class OutboundHandler
{
    private static readonly Lazy<ServerTrust> SystemTrust = new(static () => new(new CaBundle(new(StaticBinary.Prepare(), ""))));

    /// <exception cref="PemException">A file named in <paramref name="tls"/> cannot be used.</exception>
    /// <param name="ownPorts">Ports this process listens on; whether a name leads there shows when it is resolved.</param>
    public static SocketsHttpHandler Create(Uri url, TlsFiles tls, int maxConnections, IReadOnlyList<int>? ownPorts = null)
    {
        StaticBinary.Prepare();
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = !url.IsLoopback,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            MaxConnectionsPerServer = maxConnections,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            // Silence is judged by OutboundConnections, by the wall clock: the monotonic one may stand still while frozen.
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
        };
        if (url.Scheme == Uri.UriSchemeHttps)
        {
            var trust = tls.Certificate is { } file ? new ServerTrust(new CaBundle(file)) : SystemTrust.Value;
            handler.SslOptions = trust.Options(tls.ClientCertificate is { } client ? ClientCertificate.Load(client, tls.ClientKey) : null);
        }

        if (ownPorts?.Contains(url.Port) == true)
            handler.ConnectCallback = (context, cancellationToken) => OwnReceiver.ConnectElsewhereAsync(context.DnsEndPoint, ownPorts, cancellationToken);
        return handler;
    }
}
