using TelemetryExtension.Ingest.Http;

namespace TelemetryExtension.Lifecycle;

/// <summary>The sockets we listen on; null where that was not possible or not wanted. Closed, a sender sees "connection refused" and not a hang.</summary>
internal sealed class Sockets : IDisposable
{
    public ListeningSocket? Telemetry { get; set; }

    public ListeningSocket? OtlpHttp { get; set; }

    public ListeningSocket? OtlpGrpc { get; set; }

    public int[] Ports => [.. new[] { Telemetry, OtlpHttp, OtlpGrpc }.OfType<ListeningSocket>().Select(static socket => socket.Port)];

    public void Dispose()
    {
        Telemetry?.Dispose();
        OtlpHttp?.Dispose();
        OtlpGrpc?.Dispose();
    }
}
