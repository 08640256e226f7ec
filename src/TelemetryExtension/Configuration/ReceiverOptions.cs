using System.Net;
using System.Numerics;

namespace TelemetryExtension.Configuration;

/// <param name="Address">Loopback by default, because the function is the only intended sender.</param>
/// <param name="HttpPort">0 takes a free port (tests).</param>
/// <param name="MaxRequestBytes">The limit of one request, compressed and decompressed.</param>
/// <param name="InFlightBytes">The limit for all requests that are being read. It always allows one request of the largest size.</param>
/// <param name="EnrichResource">Add our resource attributes to incoming resources that lack them.</param>
internal sealed record ReceiverOptions(
    bool Enabled, IPAddress Address, int HttpPort, int GrpcPort, int MaxRequestBytes, long InFlightBytes, bool EnrichResource)
{
    private const string AddressName = "TELEMETRY_EXTENSION_OTLP_RECEIVER_ADDRESS";
    private const int Mebibyte = 1024 * 1024;
    private const int Smallest = 1024;

    /// <summary>OTLP's own limit of a request.</summary>
    private const int LargestRequestBytes = 64 * Mebibyte;

    /// <param name="heapLimitBytes">
    /// The heap limit of the process. Beyond it there is no 429 but OutOfMemoryException, which costs the function. All requests in flight together
    /// get at most a quarter of it. Null asks the runtime.
    /// </param>
    public static ReceiverOptions From(Variables variables, long? heapLimitBytes = null)
    {
        var quarter = Math.Max((heapLimitBytes ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes) / 4, 4 * Smallest);
        // A power of two, like the buffers of the pool. Compressed and decompressed bytes coexist for a moment.
        var requestCeiling = (int)Math.Min(LargestRequestBytes, 1L << BitOperations.Log2((ulong)quarter / 2));
        var maxRequestBytes = variables.Bytes("TELEMETRY_EXTENSION_OTLP_MAX_REQUEST_BYTES", Math.Min(4 * Mebibyte, requestCeiling), Smallest, requestCeiling);
        var inFlightCeiling = (int)Math.Min(1024 * Mebibyte, quarter);
        var inFlightBytes = variables.Bytes("TELEMETRY_EXTENSION_OTLP_IN_FLIGHT_BYTES", Math.Min(12 * Mebibyte, inFlightCeiling), Smallest, inFlightCeiling);
        return new(
            variables.Bool("TELEMETRY_EXTENSION_OTLP_RECEIVER", true),
            AddressOf(variables),
            variables.Int("TELEMETRY_EXTENSION_OTLP_HTTP_PORT", 4318, 0, 65535),
            variables.Int("TELEMETRY_EXTENSION_OTLP_GRPC_PORT", 4317, 0, 65535),
            maxRequestBytes,
            Math.Max(inFlightBytes, 2L * (long)BitOperations.RoundUpToPowerOf2((uint)maxRequestBytes)),
            variables.Bool("TELEMETRY_EXTENSION_OTLP_ENRICH_RESOURCE", false));
    }

    private static IPAddress AddressOf(Variables variables)
    {
        if (variables.Text(AddressName) is not { } text)
            return IPAddress.Loopback;
        if (IPAddress.TryParse(text, out var address))
            return address;
        variables.Problems.Add(AddressName, text, "is not an IP address", "127.0.0.1");
        return IPAddress.Loopback;
    }
}
