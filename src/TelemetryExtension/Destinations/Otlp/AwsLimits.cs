using TelemetryExtension.Configuration;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Destinations.Otlp;

/// <summary>What AWS's OTLP endpoints take in one request. Above it they refuse all of it, or reject a part for good.</summary>
internal static class AwsLimits
{
    private const int MaxTraceBytes = 5_000_000;
    private const int MaxLogBytes = 1024 * 1024;
    private const int MaxMetricBytes = 1_000_000;
    private const int MaxRecords = 10_000;
    private const int MaxPoints = 1_000;

    /// <summary>Each record counts so much beside its content.</summary>
    private const int LogRecordBytes = 26;

    /// <param name="service">See <see cref="AwsService"/>.</param>
    public static bool Exceeds(string service, OtlpPayload payload) => (service, payload.Signal) switch
    {
        (AwsService.XRay, Signal.Traces) => payload.Body.Length > MaxTraceBytes || payload.Records > MaxRecords,
        (AwsService.Logs, Signal.Logs) => payload.Body.Length + (payload.Records * LogRecordBytes) > MaxLogBytes || payload.Records > MaxRecords,
        (AwsService.Monitoring, Signal.Metrics) => payload.Body.Length > MaxMetricBytes || payload.Records > MaxPoints,
        _ => false,
    };
}
