using System.Text;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Destinations;

/// <summary>Names the setting that ends a refusal, when the backend's message or status shows which one it is.</summary>
internal static class RefusalAdvice
{
    private static readonly string[] TemporalityWords = ["temporality", "delta", "cumulative"];
    /// <summary>Backends report the error of each metric, so the first lines are enough.</summary>
    private const int MaxBytesRead = 16 * 1024;

    private static readonly string[] NotServed = ["HTTP 404", "HTTP 405", "HTTP 501", "gRPC UNIMPLEMENTED", "gRPC NOT_FOUND"];
    private static readonly string[] NotAllowed = ["HTTP 401", "HTTP 403", "gRPC UNAUTHENTICATED", "gRPC PERMISSION_DENIED"];

    /// <param name="destination">The destination's name, which begins with the group of its settings: "otlp", "otlp-2", "otlp-3".</param>
    /// <returns>Null when no helpful setting is known.</returns>
    public static string? For(string destination, Signal signal, DeliveryResult answer)
    {
        if (answer.Message is not { } message)
            return null;
        if (signal == Signal.Metrics && (answer.IsAboutTemporality || MentionsTemporality(message)))
        {
            return "set TELEMETRY_EXTENSION_METRICS_TEMPORALITY=cumulative, and OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=cumulative for the function's own metrics";
        }

        if (Prefix(destination) is not { } prefix)
            return null;
        if (Array.Exists(NotServed, message.StartsWith))
            return $"check the path of the endpoint, or leave {signal.ToString().ToLowerInvariant()} out of {prefix}_SIGNALS";
        return Array.Exists(NotAllowed, message.StartsWith) ? $"check the key in {prefix}_HEADERS or OTEL_EXPORTER_OTLP_HEADERS" : null;
    }

    public static bool MentionsTemporality(string text) =>
        Array.Exists(TemporalityWords, word => text.Contains(word, StringComparison.OrdinalIgnoreCase));

    public static bool MentionsTemporality(ReadOnlySpan<byte> utf8) => MentionsTemporality(Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, MaxBytesRead)]));

    private static string? Prefix(string destination) => destination.Split(' ')[0] switch
    {
        "otlp" => "TELEMETRY_EXTENSION_OTLP",
        "otlp-2" => "TELEMETRY_EXTENSION_OTLP_2",
        "otlp-3" => "TELEMETRY_EXTENSION_OTLP_3",
        _ => null,
    };
}
