namespace TelemetryExtension.Destinations.Otlp;

/// <summary>A backend's HTTP answer: the relevant parts, with header values unparsed.</summary>
/// <param name="Body">The part that could be read, still encoded.</param>
internal readonly record struct HttpAnswer(
    int Status, byte[] Body, string? ContentType = null, string? ContentEncoding = null, string? RetryAfter = null, string? Location = null);
