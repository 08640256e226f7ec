namespace TelemetryExtension.Destinations.CloudWatch.Streams;

/// <summary>One event for a log stream.</summary>
/// <param name="TimeUnixMs">Epoch milliseconds.</param>
/// <param name="Records">The ledger records in the event: 1, or the data points of an Embedded Metric Format line.</param>
internal readonly record struct LogEvent(long TimeUnixMs, string Message, int Records = 1);
