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
    private const byte At = (byte)'@' | 0x20;

    /// <remarks>By length and first letter, so that most names cost one comparison.</remarks>
    public static LogKey Of(ReadOnlySpan<byte> key) => key.IsEmpty ? LogKey.Attribute : (key.Length, (byte)(key[0] | 0x20)) switch
    {
        (2, At) => Is(key, "@t"u8) ? LogKey.Time
            : Is(key, "@l"u8) ? LogKey.Level : Is(key, "@m"u8) ? LogKey.Message : Is(key, "@x"u8) ? LogKey.Error : LogKey.Attribute,
        (2, (byte)'t') => Is(key, "ts"u8) ? LogKey.Time : LogKey.Attribute,
        (3, At) => Is(key, "@mt"u8) ? LogKey.Template : Is(key, "@tr"u8) ? LogKey.TraceId : Is(key, "@sp"u8) ? LogKey.SpanId : LogKey.Attribute,
        (3, (byte)'e') => Is(key, "err"u8) ? LogKey.Error : LogKey.Attribute,
        (3, (byte)'l') => Is(key, "lvl"u8) ? LogKey.Level : LogKey.Attribute,
        (3, (byte)'m') => Is(key, "msg"u8) ? LogKey.Message : Is(key, "mdc"u8) ? LogKey.Context : LogKey.Attribute,
        (4, (byte)'s') => Is(key, "span"u8) ? LogKey.SpanObject : LogKey.Attribute,
        (4, (byte)'t') => Is(key, "time"u8) ? LogKey.Time : LogKey.Attribute,
        (5, (byte)'e') => Is(key, "event"u8) ? LogKey.Template : Is(key, "error"u8) ? LogKey.Error : LogKey.Attribute,
        (5, (byte)'l') => Is(key, "level"u8) ? LogKey.Level : LogKey.Attribute,
        (5, (byte)'s') => Is(key, "stack"u8) ? LogKey.StackTrace : LogKey.Attribute,
        (5, (byte)'t') => Is(key, "trace"u8) ? LogKey.TraceObject : LogKey.Attribute,
        (6, (byte)'f') => Is(key, "fields"u8) ? LogKey.Fields : LogKey.Attribute,
        (6, (byte)'r') => Is(key, "record"u8) ? LogKey.Record : LogKey.Attribute,
        (6, (byte)'s') => Is(key, "spanId"u8) ? LogKey.SpanId : LogKey.Attribute,
        (6, (byte)'t') => Is(key, "thrown"u8) ? LogKey.Error : LogKey.Attribute,
        (7, (byte)'a') => Is(key, "asctime"u8) ? LogKey.Time : LogKey.Attribute,
        (7, (byte)'c') => Is(key, "context"u8) ? LogKey.Context : LogKey.Attribute,
        (7, (byte)'i') => Is(key, "instant"u8) ? LogKey.Instant : LogKey.Attribute,
        (7, (byte)'m') => Is(key, "message"u8) ? LogKey.Message : LogKey.Attribute,
        (7, (byte)'s') => Is(key, "span_id"u8) || Is(key, "span.id"u8) ? LogKey.SpanId : LogKey.Attribute,
        (7, (byte)'t') => Is(key, "traceId"u8) ? LogKey.TraceId : LogKey.Attribute,
        (8, (byte)'d') => Is(key, "datetime"u8) ? LogKey.Time : LogKey.Attribute,
        (8, (byte)'e') => Is(key, "exc_info"u8) ? LogKey.Error : LogKey.Attribute,
        (8, (byte)'l') => Is(key, "logLevel"u8) ? LogKey.Level : LogKey.Attribute,
        (8, (byte)'s') => Is(key, "severity"u8) ? LogKey.Level : LogKey.Attribute,
        (8, (byte)'t') => Is(key, "trace_id"u8) || Is(key, "trace.id"u8) ? LogKey.TraceId : LogKey.Attribute,
        (9, (byte)'e') => Is(key, "errorType"u8) ? LogKey.ErrorType : Is(key, "exception"u8) ? LogKey.Error : LogKey.Attribute,
        (9, (byte)'l') => Is(key, "levelName"u8) || Is(key, "log.level"u8) || Is(key, "log_level"u8) ? LogKey.Level : LogKey.Attribute,
        (9, (byte)'r') => Is(key, "requestId"u8) ? LogKey.RequestId : LogKey.Attribute,
        (9, (byte)'t') => Is(key, "timestamp"u8) ? LogKey.Time : LogKey.Attribute,
        (10, At) => Is(key, "@timestamp"u8) ? LogKey.Time : LogKey.Attribute,
        (10, (byte)'c') => Is(key, "contextMap"u8) ? LogKey.Context : LogKey.Attribute,
        (10, (byte)'l') => Is(key, "level_name"u8) ? LogKey.Level : LogKey.Attribute,
        (10, (byte)'o') => Is(key, "otelSpanID"u8) ? LogKey.SpanId : LogKey.Attribute,
        (10, (byte)'r') => Is(key, "request_id"u8) ? LogKey.RequestId : LogKey.Attribute,
        (10, (byte)'s') => Is(key, "stackTrace"u8) ? LogKey.StackTrace : LogKey.Attribute,
        (11, (byte)'o') => Is(key, "otelTraceID"u8) ? LogKey.TraceId : LogKey.Attribute,
        (11, (byte)'s') => Is(key, "stack_trace"u8) ? LogKey.StackTrace : LogKey.Attribute,
        (12, (byte)'a') => Is(key, "AWSRequestId"u8) ? LogKey.LambdaRequestId : LogKey.Attribute,
        (12, (byte)'e') => Is(key, "errorMessage"u8) ? LogKey.ErrorMessage : Is(key, "executionArn"u8) ? LogKey.DurableExecution : LogKey.Attribute,
        (13, (byte)'x') => Is(key, "xray_trace_id"u8) ? LogKey.TraceId : LogKey.Attribute,
        (14, (byte)'a') => Is(key, "aws_request_id"u8) ? LogKey.LambdaRequestId : LogKey.Attribute,
        (14, (byte)'e') => Is(key, "exception_name"u8) ? LogKey.ErrorType : LogKey.Attribute,
        (15, (byte)'m') => Is(key, "MessageTemplate"u8) ? LogKey.Template : LogKey.Attribute,
        (15, (byte)'r') => Is(key, "RenderedMessage"u8) ? LogKey.Message : LogKey.Attribute,
        (17, (byte)'l') => Is(key, "lambda_request_id"u8) ? LogKey.LambdaRequestId : LogKey.Attribute,
        (19, (byte)'f') => Is(key, "function_request_id"u8) ? LogKey.LambdaRequestId : LogKey.Attribute,
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
