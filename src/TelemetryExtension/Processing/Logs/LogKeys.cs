using System.Text;

namespace TelemetryExtension.Processing.Logs;

/// <summary>The meaning of a member of a JSON log record. All other members are attributes.</summary>
internal enum LogKey : byte
{
    Attribute,
    Time,
    Level,
    Message,

    /// <summary>Lambda's request id or one of the application.</summary>
    RequestId,

    /// <summary>Names that only Lambda's request id has.</summary>
    LambdaRequestId,
    TraceId,
    SpanId,
    ErrorType,
    ErrorMessage,
    StackTrace,

    /// <summary>An object or a printed stack trace that is an exception.</summary>
    Error,

    /// <summary>A message without its values, or the name of an event: the message of a record that has no other.</summary>
    Template,

    /// <summary>An object with the message: <c>fields</c> of Rust's tracing.</summary>
    Fields,

    /// <summary>An object with message, level and time: loguru's <c>record</c>.</summary>
    Record,

    /// <summary>An object with ids or an exception: Log4j's and Logback's MDC, <c>context</c> of Monolog.</summary>
    Context,

    /// <summary>An object with seconds and nanoseconds: <c>instant</c> of Log4j's JsonLayout.</summary>
    Instant,

    /// <summary>The ARN of a durable execution.</summary>
    DurableExecution,

    /// <summary>An object with an id: <c>trace</c> and <c>span</c> of ECS.</summary>
    TraceObject,
    SpanObject,
}

/// <summary>
/// The member names of the runtimes (Node, Python, Java, .NET JSON mode) and common loggers (pino, bunyan, winston, zap, slog, structlog, Powertools,
/// Serilog, NLog, loguru, Monolog, ECS, OpenTelemetry's Python instrumentation). Names match in any case.
/// </summary>
internal static class LogKeys
{
    public static LogKey Of(ReadOnlySpan<byte> key) => key.Length switch
    {
        2 => Is(key, "ts"u8) || Is(key, "@t"u8) ? LogKey.Time : Is(key, "@l"u8) ? LogKey.Level : Is(key, "@m"u8) ? LogKey.Message
            : Is(key, "@x"u8) ? LogKey.Error : LogKey.Attribute,
        3 => Is(key, "@mt"u8) ? LogKey.Template : Is(key, "@tr"u8) ? LogKey.TraceId : Is(key, "@sp"u8) ? LogKey.SpanId : Is(key, "mdc"u8) ? LogKey.Context : Is(key, "msg"u8) ? LogKey.Message : Is(key, "lvl"u8) ? LogKey.Level : Is(key, "err"u8) ? LogKey.Error : LogKey.Attribute,
        4 => Is(key, "time"u8) ? LogKey.Time : Is(key, "span"u8) ? LogKey.SpanObject : LogKey.Attribute,
        5 => Is(key, "trace"u8) ? LogKey.TraceObject : Is(key, "level"u8) ? LogKey.Level : Is(key, "stack"u8) ? LogKey.StackTrace : Is(key, "error"u8) ? LogKey.Error
            : Is(key, "event"u8) ? LogKey.Template : LogKey.Attribute,
        6 => Is(key, "thrown"u8) ? LogKey.Error : Is(key, "record"u8) ? LogKey.Record : Is(key, "spanId"u8) ? LogKey.SpanId : Is(key, "fields"u8) ? LogKey.Fields : LogKey.Attribute,
        7 => Is(key, "asctime"u8) ? LogKey.Time : Is(key, "instant"u8) ? LogKey.Instant : Is(key, "context"u8) ? LogKey.Context : Is(key, "message"u8) ? LogKey.Message : Is(key, "traceId"u8) ? LogKey.TraceId : Is(key, "span_id"u8) || Is(key, "span.id"u8) ? LogKey.SpanId : LogKey.Attribute,
        8 => Is(key, "datetime"u8) ? LogKey.Time : Is(key, "exc_info"u8) ? LogKey.Error : Is(key, "severity"u8) || Is(key, "logLevel"u8) ? LogKey.Level : Is(key, "trace_id"u8) || Is(key, "trace.id"u8) ? LogKey.TraceId : LogKey.Attribute,
        9 => Is(key, "timestamp"u8) ? LogKey.Time : Is(key, "requestId"u8) ? LogKey.RequestId : Is(key, "errorType"u8) ? LogKey.ErrorType
            : Is(key, "exception"u8) ? LogKey.Error : Is(key, "levelName"u8) || Is(key, "log.level"u8) || Is(key, "log_level"u8) ? LogKey.Level : LogKey.Attribute,
        10 => Is(key, "level_name"u8) ? LogKey.Level : Is(key, "contextMap"u8) ? LogKey.Context : Is(key, "stackTrace"u8) ? LogKey.StackTrace : Is(key, "@timestamp"u8) ? LogKey.Time : Is(key, "request_id"u8) ? LogKey.RequestId
            : Is(key, "otelSpanID"u8) ? LogKey.SpanId : LogKey.Attribute,
        11 => Is(key, "stack_trace"u8) ? LogKey.StackTrace : Is(key, "otelTraceID"u8) ? LogKey.TraceId : LogKey.Attribute,
        12 => Is(key, "executionArn"u8) ? LogKey.DurableExecution : Is(key, "errorMessage"u8) ? LogKey.ErrorMessage : Is(key, "AWSRequestId"u8) ? LogKey.LambdaRequestId : LogKey.Attribute,
        13 => Is(key, "xray_trace_id"u8) ? LogKey.TraceId : LogKey.Attribute,
        15 => Is(key, "MessageTemplate"u8) ? LogKey.Template : Is(key, "RenderedMessage"u8) ? LogKey.Message : LogKey.Attribute,
        14 => Is(key, "aws_request_id"u8) ? LogKey.LambdaRequestId : Is(key, "exception_name"u8) ? LogKey.ErrorType : LogKey.Attribute,
        17 => Is(key, "lambda_request_id"u8) ? LogKey.LambdaRequestId : LogKey.Attribute,
        19 => Is(key, "function_request_id"u8) ? LogKey.LambdaRequestId : LogKey.Attribute,
        _ => LogKey.Attribute,
    };

    /// <summary>Members of an exception printed as an object: pino's <c>err</c>, winston's <c>error</c>.</summary>
    public static LogKey OfError(ReadOnlySpan<byte> key) => key.Length switch
    {
        4 => Is(key, "type"u8) || Is(key, "name"u8) ? LogKey.ErrorType : LogKey.Attribute,
        5 => Is(key, "class"u8) ? LogKey.ErrorType : Is(key, "stack"u8) ? LogKey.StackTrace : LogKey.Attribute,
        7 => Is(key, "message"u8) ? LogKey.ErrorMessage : LogKey.Attribute,
        _ => Of(key) is var known and (LogKey.ErrorType or LogKey.ErrorMessage or LogKey.StackTrace) ? known : LogKey.Attribute,
    };

    private static bool Is(ReadOnlySpan<byte> key, ReadOnlySpan<byte> name) => Ascii.EqualsIgnoreCase(key, name);
}
