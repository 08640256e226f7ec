using System.Net.Http.Headers;

namespace TelemetryExtension.Destinations.Otlp;

/// <summary>Reads headers as the server sent them, because a value that .NET cannot parse may still be useful.</summary>
internal static class AnswerHeaders
{
    public static string? Value(HttpHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
