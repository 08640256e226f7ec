using System.Net.Http.Headers;

namespace TelemetryExtension.Destinations.Otlp;

/// <summary>Headers as the server sent them: a value that .NET cannot parse is better than none.</summary>
internal static class AnswerHeaders
{
    public static string? Value(HttpHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
