using System.Text;
using System.Text.Json;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Ingest.TelemetryApi;

/// <summary>Reads an envelope's time as Unix epoch ns. 0 when it is unreadable.</summary>
internal static class TelemetryTime
{
    /// <summary>Reads the usual form <c>2025-08-11T12:00:00.123Z</c> without allocation, and anything else with the lenient parser.</summary>
    public static long Read(ref Utf8JsonReader json) =>
        !json.ValueIsEscaped && json.TryGetDateTimeOffset(out var time) && UnixTime.IsRepresentable(time)
            ? UnixTime.Of(time)
            : UnixTime.Read(Encoding.UTF8.GetString(json.ValueSpan)) ?? 0;
}
