using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
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
    private static readonly Lazy<ServerTrust> SystemTrust = new(static () => new(new CaBundle(StaticBinary.Prepare())));

    /// <summary>Reads the files named in <paramref name="tls"/>; throws what reading and parsing them throws.</summary>
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
            handler.SslOptions = trust.Options(tls.ClientCertificate is { } client ? ClientCertificate(client, tls.ClientKey) : null);
        }

        if (ownPorts?.Contains(url.Port) == true)
            handler.ConnectCallback = (context, cancellationToken) => OwnReceiver.ConnectElsewhereAsync(context.DnsEndPoint, ownPorts, cancellationToken);
        return handler;
    }

    /// <summary>The first certificate of the file is ours, and those behind it are sent along: a server may know only the root they lead to.</summary>
    private static SslStreamCertificateContext ClientCertificate(string file, string? keyFile)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(file);
        if (chain.Count > 0)
            chain.RemoveAt(0);
        return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(file, keyFile), chain, offline: true);
    }
}
