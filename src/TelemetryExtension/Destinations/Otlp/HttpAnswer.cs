namespace TelemetryExtension.Destinations.Otlp;

/// <summary>What a backend answered over HTTP, as far as it matters; header values as they came.</summary>
/// <param name="Body">What could be read of it, still encoded.</param>
internal readonly record struct HttpAnswer(
    int Status, byte[] Body, string? ContentType = null, string? ContentEncoding = null, string? RetryAfter = null, string? Location = null);
