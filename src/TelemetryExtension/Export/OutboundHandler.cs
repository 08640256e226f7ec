using System.Net;

namespace TelemetryExtension.Export;

/// <summary>
/// Makes the handler that all outbound telemetry goes through. The proxy variables (HTTPS_PROXY, NO_PROXY, ...) are honoured as by every
/// OpenTelemetry exporter in .NET, except for loopback.
/// </summary>
internal static class OutboundHandler
{
    public const int MaxConnections = 4;

    public static SocketsHttpHandler Create(OtlpEndpoint endpoint)
    {
        return new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = !endpoint.Url.IsLoopback,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            MaxConnectionsPerServer = MaxConnections,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            // Silence is judged by OutboundConnections, by the wall clock: the monotonic one may stand still while frozen.
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
        };
    }
}
