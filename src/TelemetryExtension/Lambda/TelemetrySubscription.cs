using System.Globalization;
using TelemetryExtension.Diagnostics;
using TelemetryExtension.Lambda.ExtensionsApi;

namespace TelemetryExtension.Lambda;

/// <summary>
/// Subscribing to the Telemetry API (PUT /2022-07-01/telemetry). Buffering is said in full, since the documented defaults contradict each
/// other; 25 ms is the least there is and what the wait for runtimeDone costs; the largest maxBytes makes split records rarest.
/// </summary>
internal static class TelemetrySubscription
{
    private static readonly string[] Schemas = ["2025-01-29", "2022-12-13"];

    /// <summary>True when telemetry will come. Otherwise it is said once why not, and the extension goes on without.</summary>
    public static bool Subscribe(ExtensionsApiClient extensions, int port)
    {
        var response = default(RuntimeApiResponse);
        foreach (var schema in Schemas)
        {
            response = extensions.Subscribe(Body(schema, port));
            if (response.Status == 200)
                return true;
            if (response.Status != 400)
                break;
        }

        Log.Warn(response.Status == 202
            ? "the Telemetry API is not supported here (local emulator?): no platform telemetry, invocations go on"
            : $"the Telemetry API refused the subscription ({response}): no platform telemetry, invocations go on");
        return false;
    }

    public static string Body(string schema, int port) =>
        $$$"""
        {"schemaVersion":"{{{schema}}}","types":["platform","function"],
        "buffering":{"maxItems":1000,"maxBytes":1048576,"timeoutMs":25},
        "destination":{"protocol":"HTTP","URI":"http://sandbox.localdomain:{{{port.ToString(CultureInfo.InvariantCulture)}}}/"}}
        """;
}
