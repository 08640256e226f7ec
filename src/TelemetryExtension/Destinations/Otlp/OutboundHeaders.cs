using TelemetryExtension.Configuration;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Destinations.Otlp;

internal static class OutboundHeaders
{
    /// <summary>Names the payload on the wire, the same on a re-send: delivery is at least once, and this tells copies apart.</summary>
    public const string BatchId = "x-telemetry-extension-batch-id";

    private static readonly string UserAgent =
        "OTel-OTLP-Exporter-TelemetryExtension/" + (typeof(OutboundHeaders).Assembly.GetName().Version?.ToString(3) ?? "0");

    /// <summary>User agent, the configured headers (which win over ours), batch id.</summary>
    public static void Add(HttpRequestMessage request, OtlpEndpoint endpoint, OtlpPayload payload)
    {
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        foreach (var (header, value) in endpoint.Headers)
        {
            request.Headers.Remove(header);
            request.Headers.TryAddWithoutValidation(header, value);
        }

        request.Headers.TryAddWithoutValidation(BatchId, payload.BatchId);
    }
}
