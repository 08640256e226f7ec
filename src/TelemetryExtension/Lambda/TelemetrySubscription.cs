using System.Globalization;
using System.Net.Sockets;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Lambda.ExtensionsApi;

namespace TelemetryExtension.Lambda;

/// <summary>
/// Subscribes to the Telemetry API (PUT /2022-07-01/telemetry). All buffering settings are explicit, because the documented defaults contradict each other.
/// 25 ms is the minimum, and it delays runtimeDone least. The largest maxBytes makes split records rarest.
/// </summary>
internal static class TelemetrySubscription
{
    /// <summary>Lambda answers in 25 ms. Without an answer the extension continues, because init waits for its first Next.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    private static readonly string[] Schemas = ["2025-01-29", "2022-12-13"];

    /// <summary>Returns true when telemetry will arrive. Otherwise it logs the reason once, and the extension continues without telemetry.</summary>
    public static bool Subscribe(ExtensionsApiClient extensions, int port)
    {
        try
        {
            return TrySubscribe(extensions, port);
        }
        catch (Exception e) when (e is SocketException or InvalidDataException)
        {
            Log.Warn($"the Telemetry API did not answer the subscription ({Reason.Of(e)}): no platform telemetry, invocations continue");
            return false;
        }
    }

    private static bool TrySubscribe(ExtensionsApiClient extensions, int port)
    {
        var response = default(RuntimeApiResponse);
        foreach (var schema in Schemas)
        {
            response = extensions.Subscribe(Body(schema, port), Limit);
            if (response.Status == 200)
                return true;
            if (response.Status != 400)
                break;
        }

        Log.Warn(response.Status == 202
            ? "the Telemetry API is not supported here (local emulator?): no platform telemetry, invocations continue"
            : $"the Telemetry API refused the subscription ({response}): no platform telemetry, invocations continue");
        return false;
    }

    public static string Body(string schema, int port) =>
        $$$"""
        {"schemaVersion":"{{{schema}}}","types":["platform","function"],
        "buffering":{"maxItems":1000,"maxBytes":1048576,"timeoutMs":25},
        "destination":{"protocol":"HTTP","URI":"http://sandbox.localdomain:{{{port.ToString(CultureInfo.InvariantCulture)}}}/"}}
        """;
}
