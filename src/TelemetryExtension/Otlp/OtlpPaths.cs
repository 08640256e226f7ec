namespace TelemetryExtension.Otlp;

/// <summary>Request paths of the OTLP specification.</summary>
internal static class OtlpPaths
{
    public static readonly string[] AllHttp = [Http(Signal.Traces), Http(Signal.Metrics), Http(Signal.Logs)];

    /// <summary>Relative to the base endpoint.</summary>
    public static string Http(Signal signal) => signal switch
    {
        Signal.Traces => "v1/traces",
        Signal.Metrics => "v1/metrics",
        _ => "v1/logs",
    };

    public static string Grpc(Signal signal) => signal switch
    {
        Signal.Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Signal.Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        _ => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    };
}
