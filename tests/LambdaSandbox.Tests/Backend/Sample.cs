using Google.Protobuf;
using LambdaSandbox.Backend;
using OpenTelemetry.Proto.Common.V1;
using OpenTelemetry.Proto.Logs.V1;
using OpenTelemetry.Proto.Metrics.V1;
using OpenTelemetry.Proto.Resource.V1;
using OpenTelemetry.Proto.Trace.V1;

namespace LambdaSandbox.Tests.Backend;

/// <summary>Hand-written telemetry of a function named orders: a cold start, then an invocation that fails.</summary>
internal static class Sample
{
    public const string FirstTrace = "5759e988bd862e3fe1be46a994272793";
    public const string SecondTrace = "6759e988bd862e3fe1be46a994272794";
    public const string FirstInvocation = "3da1f2dc-3222-475e-9205-e2e6c6318895";
    public const string SecondInvocation = "4da1f2dc-3222-475e-9205-e2e6c6318896";
    private const ulong Start = 1_786_449_600_000_000_000;

    private static readonly Resource Resource = new()
    {
        Attributes = { Pair("service.name", "orders"), Pair("faas.name", "orders"), Pair("faas.version", "$LATEST"), Pair("faas.max_memory", 134217728) },
    };

    private static readonly InstrumentationScope Scope = new() { Name = "telemetry-extension" };

    public static ReceivedSpan Init => Span(FirstTrace, "a0", "a1", "init", 0, 180);

    public static ReceivedSpan Overhead => Span(FirstTrace, "a5", "a1", "extensionOverhead", 431.5, 433);

    public static IReadOnlyList<ReceivedSpan> First =>
    [
        Init,
        With(
            Span(FirstTrace, "a1", "", "orders", 182, 431.5, OpenTelemetry.Proto.Trace.V1.Span.Types.SpanKind.Server),
            Pair("faas.invocation_id", FirstInvocation),
            Pair("faas.coldstart", true),
            Pair("faas.trigger", "http"),
            Pair("aws.lambda.invoked_arn", "arn:aws:lambda:eu-west-1:123456789012:function:orders:live")),
        Span(FirstTrace, "a2", "a1", "responseLatency", 182, 420),
        With(
            Span(FirstTrace, "a3", "a1", "GET /prices", 200.25, 400, OpenTelemetry.Proto.Trace.V1.Span.Types.SpanKind.Client),
            Pair("http.request.method", "GET"),
            Pair("http.response.status_code", 200)),
        Span(FirstTrace, "a4", "a3", "parse", 399.2, 399.65),
    ];

    public static IReadOnlyList<ReceivedSpan> Second
    {
        get
        {
            var failed = With(
                Span(SecondTrace, "b1", "99", "orders", 2000, 2003.5, OpenTelemetry.Proto.Trace.V1.Span.Types.SpanKind.Server),
                Pair("faas.invocation_id", SecondInvocation),
                Pair("error.type", "Runtime.ExitError"));
            failed.Span.Status = new() { Code = Status.Types.StatusCode.Error, Message = "exit status 1" };
            failed.Span.Events.Add(new Span.Types.Event
            {
                Name = "exception",
                TimeUnixNano = At(2002),
                Attributes = { Pair("exception.message", "boom"), Pair("exception.stacktrace", "at a\nat b\nat c") },
            });
            return [failed];
        }
    }

    public static IReadOnlyList<ReceivedLogRecord> Logs =>
    [
        Log(FirstTrace, "a1", 190.5, SeverityNumber.Info, "order 1 accepted"),
        Log(FirstTrace, "a3", 350, SeverityNumber.Warn, "the price service took longer than it usually does, the order was priced from the cache of yesterday instead"),
        Log(SecondTrace, "", 2001, SeverityNumber.Error, "boom\n\tat a\n\u001b[31mat b\u001b[0m", Pair("faas.invocation_id", SecondInvocation)),
        Log("", "", 100, SeverityNumber.Unspecified, "INIT_START Runtime Version: provided:al2023.v1"),
    ];

    public static IReadOnlyList<ReceivedMetric> Metrics =>
    [
        Metric(new() { Name = "faas.coldstarts", Unit = "{coldstart}", Sum = Sum(1) }),
        Metric(new() { Name = "faas.invocations", Unit = "{invocation}", Sum = Sum(1) }),
        Metric(new() { Name = "faas.invocations", Unit = "{invocation}", Sum = Sum(1) }),
        Metric(new() { Name = "faas.invoke_duration", Unit = "s", Histogram = Histogram(0.2495, [0, 1, 0]) }),
        Metric(new() { Name = "faas.invoke_duration", Unit = "s", Histogram = Histogram(0.0035, [1, 0, 0]) }),
    ];

    public static KeyValue Pair(string key, string value) => new() { Key = key, Value = new() { StringValue = value } };

    public static KeyValue Pair(string key, long value) => new() { Key = key, Value = new() { IntValue = value } };

    public static KeyValue Pair(string key, bool value) => new() { Key = key, Value = new() { BoolValue = value } };

    public static ReceivedMetric Metric(Metric metric) => new(metric, Resource, Scope);

    public static ReceivedSpan Span(
        string trace, string id, string parent, string name, double from, double to, Span.Types.SpanKind kind = OpenTelemetry.Proto.Trace.V1.Span.Types.SpanKind.Internal) =>
        new(
            new Span
            {
                TraceId = Id(trace),
                SpanId = Id(id.PadRight(16, '0')),
                ParentSpanId = parent.Length == 0 ? ByteString.Empty : Id(parent.PadRight(16, '0')),
                Name = name,
                Kind = kind,
                StartTimeUnixNano = At(from),
                EndTimeUnixNano = At(to),
            },
            Resource,
            Scope);

    public static ReceivedLogRecord Log(string trace, string span, double at, SeverityNumber severity, string body, params KeyValue[] attributes) =>
        new(
            new LogRecord
            {
                TraceId = Id(trace),
                SpanId = span.Length == 0 ? ByteString.Empty : Id(span.PadRight(16, '0')),
                TimeUnixNano = At(at),
                SeverityNumber = severity,
                Body = new() { StringValue = body },
                Attributes = { attributes },
            },
            Resource,
            Scope);

    public static ReceivedSpan With(ReceivedSpan span, params KeyValue[] attributes)
    {
        span.Span.Attributes.AddRange(attributes);
        return span;
    }

    private static Sum Sum(long value) => new()
    {
        AggregationTemporality = AggregationTemporality.Delta,
        IsMonotonic = true,
        DataPoints = { new NumberDataPoint { AsInt = value } },
    };

    private static Histogram Histogram(double value, ulong[] counts) => new()
    {
        AggregationTemporality = AggregationTemporality.Delta,
        DataPoints = { new HistogramDataPoint { Count = 1, Sum = value, Min = value, Max = value, BucketCounts = { counts }, ExplicitBounds = { 0.1, 0.5 } } },
    };

    private static ulong At(double milliseconds) => Start + (ulong)(milliseconds * 1e6);

    private static ByteString Id(string hex) => ByteString.CopyFrom(Convert.FromHexString(hex));
}
