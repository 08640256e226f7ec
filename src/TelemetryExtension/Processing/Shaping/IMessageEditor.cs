using TelemetryExtension.Otlp;

namespace TelemetryExtension.Processing.Shaping;

/// <summary>Changes the fields of a message.</summary>
internal interface IMessageEditor
{
    /// <summary>Writes the content of a Resource, Scope, Span, LogRecord or Metric, changed or not.</summary>
    /// <returns>The number of values that it redacted.</returns>
    int Write(OtlpWriter writer, OtlpMessage message, ReadOnlySpan<byte> bytes);
}
