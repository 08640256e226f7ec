using System.Text.Json;

namespace TelemetryExtension.Ingest.TelemetryApi;

/// <summary>The types that matter on arrival. The kind of a platform event matters only at the flush.</summary>
internal enum TelemetryType : byte
{
    Missing,
    Other,
    Function,
    Extension,
    Platform,
    PlatformRuntimeDone,
    PlatformReport,
}

internal static class TelemetryTypes
{
    public static TelemetryType Of(ref Utf8JsonReader json) =>
        json.TokenType != JsonTokenType.String ? TelemetryType.Missing
        : json.TextIs("function"u8) ? TelemetryType.Function
        : json.TextIs("extension"u8) ? TelemetryType.Extension
        : json.TextIs("platform.runtimeDone"u8) ? TelemetryType.PlatformRuntimeDone
        : json.TextIs("platform.report"u8) ? TelemetryType.PlatformReport
        : json.ValueSpan.StartsWith("platform."u8) ? TelemetryType.Platform
        : TelemetryType.Other;
}
