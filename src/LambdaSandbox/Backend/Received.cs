using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Logs.V1;
using OpenTelemetry.Proto.Metrics.V1;
using OpenTelemetry.Proto.Resource.V1;
using OpenTelemetry.Proto.Trace.V1;

namespace LambdaSandbox.Backend;

/// <summary>A span the backend accepted, with the resource and scope it was grouped under.</summary>
public sealed record ReceivedSpan(Span Span, Resource Resource, InstrumentationScope Scope);

/// <summary>A log record the backend accepted, with the resource and scope it was grouped under.</summary>
public sealed record ReceivedLogRecord(LogRecord LogRecord, Resource Resource, InstrumentationScope Scope);

/// <summary>A metric, with all its data points, that the backend accepted, with the resource and scope it was grouped under.</summary>
public sealed record ReceivedMetric(Metric Metric, Resource Resource, InstrumentationScope Scope);

public enum OtlpSignal
{
    Traces,
    Metrics,
    Logs,
}

public enum OtlpProtocol
{
    HttpProtobuf,
    HttpJson,
    Grpc,
}
