namespace TelemetryExtension.Processing.Invocations;

/// <summary>A log record of our own: what the platform's events tell about an invocation, in words for people. Severity ERROR.</summary>
/// <param name="Time">Unix epoch ns.</param>
internal sealed record InvocationNote(long Time, InvocationContext Invocation, string Text, string ErrorType);
