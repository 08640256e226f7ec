using TelemetryExtension.Configuration;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Destinations.Otlp;

internal static class OutboundHeaders
{
    private static readonly string UserAgent =
        "OTel-OTLP-Exporter-TelemetryExtension/" + (typeof(OutboundHeaders).Assembly.GetName().Version?.ToString(3) ?? "0");

    /// <summary>Adds the user agent, the configured headers, which win over the extension's own, and the batch id.</summary>
    public static void Add(HttpRequestMessage request, OtlpEndpoint endpoint, OtlpPayload payload)
    {
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        foreach (var (header, value) in endpoint.Headers)
        {
            if (request.Headers.NonValidated.Contains(header))
                request.Headers.Remove(header);
            // .NET keeps content headers (Content-Language, Expires, Allow, ...) in a separate collection.
            if (!request.Headers.TryAddWithoutValidation(header, value))
                request.Content?.Headers.TryAddWithoutValidation(header, value);
        }

        request.Headers.TryAddWithoutValidation(OtlpHeaders.BatchId, payload.BatchId);
    }
}
