using System.Text.Json;

namespace TelemetryExtension.Ingest.TelemetryApi;

/// <summary>Comparing names and values that anybody may have written.</summary>
internal static class LenientText
{
    /// <summary>Like ValueTextEquals, which throws on an escaped lone surrogate: such a text equals nothing.</summary>
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
