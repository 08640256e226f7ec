using System.Text.Json;

namespace TelemetryExtension.Ingest.TelemetryApi;

/// <summary>Compares names and values from untrusted senders.</summary>
internal static class LenientText
{
    /// <summary>Like ValueTextEquals, but false instead of an exception for an escaped lone surrogate.</summary>
    public static bool TextIs(this ref readonly Utf8JsonReader json, ReadOnlySpan<byte> utf8)
    {
        if (!json.ValueIsEscaped)
            return json.ValueTextEquals(utf8);
        try
        {
            return json.ValueTextEquals(utf8);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
