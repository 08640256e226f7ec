using TelemetryExtension.Ingest.Http;

namespace TelemetryExtension.Lifecycle;

/// <summary>
/// The sockets that the extension listens on. Null where that is disabled or failed. Once closed, a sender gets "connection refused" instead of a hang.
/// </summary>
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
