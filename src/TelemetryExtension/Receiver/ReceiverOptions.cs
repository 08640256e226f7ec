using System.Net;
using TelemetryExtension.Settings;

namespace TelemetryExtension.Receiver;

/// <param name="Address">Loopback unless asked otherwise: the function is the only sender meant.</param>
/// <param name="HttpPort">0: a free one (tests).</param>
/// <param name="MaxRequestBytes">Of one request, compressed and decompressed alike.</param>
/// <param name="InFlightBytes">What all requests being read may hold together; never less than one largest request needs.</param>
/// <param name="EnrichResource">Add our resource attributes to incoming resources that lack them.</param>
internal sealed record ReceiverOptions(
    bool Enabled, IPAddress Address, int HttpPort, int GrpcPort, int MaxRequestBytes, long InFlightBytes, bool EnrichResource)
{
    private const int Mebibyte = 1024 * 1024;

    /// <summary>OTLP's own bound for a request.</summary>
    private const int LargestRequestBytes = 64 * Mebibyte;

    public static ReceiverOptions From(ReceiverSettings raw, SettingProblems problems)
    {
        var maxRequestBytes = Setting.Int("TELEMETRY_EXTENSION_OTLP_MAX_REQUEST_BYTES", raw.MaxRequestBytes, 4 * Mebibyte, 1024, LargestRequestBytes, problems);
        var inFlightBytes = Setting.Int("TELEMETRY_EXTENSION_OTLP_IN_FLIGHT_BYTES", raw.InFlightBytes, 12 * Mebibyte, 64 * 1024, int.MaxValue, problems);
        return new(
            Setting.Bool("TELEMETRY_EXTENSION_OTLP_RECEIVER", raw.Enabled, true, problems),
            AddressOf(raw.Address, problems),
            Setting.Int("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", raw.HttpPort, 4318, 0, 65535, problems),
            Setting.Int("TELEMETRY_EXTENSION_OTLP_GRPC_PORT", raw.GrpcPort, 4317, 0, 65535, problems),
            maxRequestBytes,
            // Compressed and decompressed bytes exist side by side for a moment.
            Math.Max(inFlightBytes, 2L * maxRequestBytes),
            Setting.Bool("TELEMETRY_EXTENSION_OTLP_ENRICH_RESOURCE", raw.EnrichResource, false, problems));
    }

    private static IPAddress AddressOf(string? raw, SettingProblems problems)
    {
        if (Setting.Text(raw) is not { } text)
            return IPAddress.Loopback;
        if (IPAddress.TryParse(text, out var address))
            return address;
        problems.Add("TELEMETRY_EXTENSION_OTLP_RECEIVER_ADDRESS", text, "is not an IP address", "127.0.0.1");
        return IPAddress.Loopback;
    }
}
