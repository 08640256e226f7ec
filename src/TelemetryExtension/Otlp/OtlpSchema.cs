namespace TelemetryExtension.Otlp;

/// <summary>The messages of OTLP (proto 1.11.0) that occur in requests.</summary>
internal enum OtlpMessage : byte
{
    None,
    TraceRequest, ResourceSpans, ScopeSpans, Span, SpanEvent, SpanLink, SpanStatus,
    MetricsRequest, ResourceMetrics, ScopeMetrics, Metric, Gauge, Sum, Histogram, ExponentialHistogram, Summary,
    NumberDataPoint, HistogramDataPoint, ExponentialHistogramDataPoint, Buckets, SummaryDataPoint, QuantileValue, Exemplar,
    LogsRequest, ResourceLogs, ScopeLogs, LogRecord,
    Resource, EntityRef, Scope, KeyValue, AnyValue, ArrayValue, KeyValueList,
}

/// <summary>How a field is encoded, in protobuf and in OTLP's JSON. None means that there is no such field.</summary>
internal enum OtlpFieldKind : byte
{
    None, Message, String, Bytes, TraceId, SpanId, Bool, Enum, Int32, UInt32, SInt32, Int64, Fixed32, Fixed64, SFixed64, Double,
    PackedFixed64, PackedDouble, PackedUInt64,
}

/// <param name="JsonName">lowerCamelCase, UTF-8.</param>
internal readonly record struct OtlpField(byte[] JsonName, OtlpFieldKind Kind, OtlpMessage Message, bool Repeated);

/// <summary>
/// Field numbers, kinds and JSON names of every message, as data. Validation and the JSON mapping walk the same table. It is built at first use, so
/// that a function without an SDK does not pay for it.
/// </summary>
internal static class OtlpSchema
{
    private static readonly OtlpField[][] Fields = Build();

    public static OtlpMessage RequestOf(Signal signal) => signal switch
    {
        Signal.Traces => OtlpMessage.TraceRequest,
        Signal.Metrics => OtlpMessage.MetricsRequest,
        _ => OtlpMessage.LogsRequest,
    };

    /// <summary>Indexed by field number. Missing numbers have the kind None.</summary>
    public static ReadOnlySpan<OtlpField> FieldsOf(OtlpMessage message) => Fields[(int)message];

    /// <summary>Whether a message of this type is one record of the ledger: a span, a data point or a log record.</summary>
    public static bool IsRecord(OtlpMessage message) => message is OtlpMessage.Span or OtlpMessage.LogRecord
        or OtlpMessage.NumberDataPoint or OtlpMessage.HistogramDataPoint or OtlpMessage.ExponentialHistogramDataPoint or OtlpMessage.SummaryDataPoint;

    private static OtlpField[][] Build()
    {
        var table = new OtlpField[(int)OtlpMessage.KeyValueList + 1][];
        table[0] = [];
        void Define(OtlpMessage message, params ReadOnlySpan<(int Number, OtlpField Field)> fields)
        {
            var byNumber = new OtlpField[fields[^1].Number + 1];
            foreach (var (number, field) in fields)
                byNumber[number] = field;
            table[(int)message] = byNumber;
        }

        DefineCommon(Define);
        DefineTraces(Define);
        DefineMetrics(Define);
        DefineDataPoints(Define);
        DefineLogs(Define);
        return table;
    }

    private delegate void Definer(OtlpMessage message, params ReadOnlySpan<(int Number, OtlpField Field)> fields);

    private static void DefineCommon(Definer define)
    {
        define(OtlpMessage.Resource, Many(1, "attributes"u8, OtlpMessage.KeyValue), One(2, "droppedAttributesCount"u8, OtlpFieldKind.UInt32),
            Many(3, "entityRefs"u8, OtlpMessage.EntityRef));
        define(OtlpMessage.EntityRef, One(1, "schemaUrl"u8, OtlpFieldKind.String), One(2, "type"u8, OtlpFieldKind.String),
            Many(3, "idKeys"u8, OtlpFieldKind.String), Many(4, "descriptionKeys"u8, OtlpFieldKind.String));
        define(OtlpMessage.Scope, One(1, "name"u8, OtlpFieldKind.String), One(2, "version"u8, OtlpFieldKind.String),
            Many(3, "attributes"u8, OtlpMessage.KeyValue), One(4, "droppedAttributesCount"u8, OtlpFieldKind.UInt32));
        define(OtlpMessage.KeyValue, One(1, "key"u8, OtlpFieldKind.String), One(2, "value"u8, OtlpMessage.AnyValue));
        define(OtlpMessage.AnyValue, One(1, "stringValue"u8, OtlpFieldKind.String), One(2, "boolValue"u8, OtlpFieldKind.Bool),
            One(3, "intValue"u8, OtlpFieldKind.Int64), One(4, "doubleValue"u8, OtlpFieldKind.Double), One(5, "arrayValue"u8, OtlpMessage.ArrayValue),
            One(6, "kvlistValue"u8, OtlpMessage.KeyValueList), One(7, "bytesValue"u8, OtlpFieldKind.Bytes));
        define(OtlpMessage.ArrayValue, Many(1, "values"u8, OtlpMessage.AnyValue));
        define(OtlpMessage.KeyValueList, Many(1, "values"u8, OtlpMessage.KeyValue));
    }

    private static void DefineTraces(Definer define)
    {
        define(OtlpMessage.TraceRequest, Many(1, "resourceSpans"u8, OtlpMessage.ResourceSpans));
        define(OtlpMessage.ResourceSpans, One(1, "resource"u8, OtlpMessage.Resource), Many(2, "scopeSpans"u8, OtlpMessage.ScopeSpans),
            One(3, "schemaUrl"u8, OtlpFieldKind.String));
        define(OtlpMessage.ScopeSpans, One(1, "scope"u8, OtlpMessage.Scope), Many(2, "spans"u8, OtlpMessage.Span),
            One(3, "schemaUrl"u8, OtlpFieldKind.String));
        define(OtlpMessage.Span, One(1, "traceId"u8, OtlpFieldKind.TraceId), One(2, "spanId"u8, OtlpFieldKind.SpanId),
            One(3, "traceState"u8, OtlpFieldKind.String), One(4, "parentSpanId"u8, OtlpFieldKind.SpanId), One(5, "name"u8, OtlpFieldKind.String),
            One(6, "kind"u8, OtlpFieldKind.Enum), One(7, "startTimeUnixNano"u8, OtlpFieldKind.Fixed64),
            One(8, "endTimeUnixNano"u8, OtlpFieldKind.Fixed64), Many(9, "attributes"u8, OtlpMessage.KeyValue),
            One(10, "droppedAttributesCount"u8, OtlpFieldKind.UInt32), Many(11, "events"u8, OtlpMessage.SpanEvent),
            One(12, "droppedEventsCount"u8, OtlpFieldKind.UInt32), Many(13, "links"u8, OtlpMessage.SpanLink),
            One(14, "droppedLinksCount"u8, OtlpFieldKind.UInt32), One(15, "status"u8, OtlpMessage.SpanStatus),
            One(16, "flags"u8, OtlpFieldKind.Fixed32));
        define(OtlpMessage.SpanEvent, One(1, "timeUnixNano"u8, OtlpFieldKind.Fixed64), One(2, "name"u8, OtlpFieldKind.String),
            Many(3, "attributes"u8, OtlpMessage.KeyValue), One(4, "droppedAttributesCount"u8, OtlpFieldKind.UInt32));
        define(OtlpMessage.SpanLink, One(1, "traceId"u8, OtlpFieldKind.TraceId), One(2, "spanId"u8, OtlpFieldKind.SpanId),
            One(3, "traceState"u8, OtlpFieldKind.String), Many(4, "attributes"u8, OtlpMessage.KeyValue),
            One(5, "droppedAttributesCount"u8, OtlpFieldKind.UInt32), One(6, "flags"u8, OtlpFieldKind.Fixed32));
        define(OtlpMessage.SpanStatus, One(2, "message"u8, OtlpFieldKind.String), One(3, "code"u8, OtlpFieldKind.Enum));
    }

    private static void DefineMetrics(Definer define)
    {
        define(OtlpMessage.MetricsRequest, Many(1, "resourceMetrics"u8, OtlpMessage.ResourceMetrics));
        define(OtlpMessage.ResourceMetrics, One(1, "resource"u8, OtlpMessage.Resource), Many(2, "scopeMetrics"u8, OtlpMessage.ScopeMetrics),
            One(3, "schemaUrl"u8, OtlpFieldKind.String));
        define(OtlpMessage.ScopeMetrics, One(1, "scope"u8, OtlpMessage.Scope), Many(2, "metrics"u8, OtlpMessage.Metric),
            One(3, "schemaUrl"u8, OtlpFieldKind.String));
        define(OtlpMessage.Metric, One(1, "name"u8, OtlpFieldKind.String), One(2, "description"u8, OtlpFieldKind.String),
            One(3, "unit"u8, OtlpFieldKind.String), One(5, "gauge"u8, OtlpMessage.Gauge), One(7, "sum"u8, OtlpMessage.Sum),
            One(9, "histogram"u8, OtlpMessage.Histogram), One(10, "exponentialHistogram"u8, OtlpMessage.ExponentialHistogram),
            One(11, "summary"u8, OtlpMessage.Summary), Many(12, "metadata"u8, OtlpMessage.KeyValue));
        define(OtlpMessage.Gauge, Many(1, "dataPoints"u8, OtlpMessage.NumberDataPoint));
        define(OtlpMessage.Sum, Many(1, "dataPoints"u8, OtlpMessage.NumberDataPoint), One(2, "aggregationTemporality"u8, OtlpFieldKind.Enum),
            One(3, "isMonotonic"u8, OtlpFieldKind.Bool));
        define(OtlpMessage.Histogram, Many(1, "dataPoints"u8, OtlpMessage.HistogramDataPoint),
            One(2, "aggregationTemporality"u8, OtlpFieldKind.Enum));
        define(OtlpMessage.ExponentialHistogram, Many(1, "dataPoints"u8, OtlpMessage.ExponentialHistogramDataPoint),
            One(2, "aggregationTemporality"u8, OtlpFieldKind.Enum));
        define(OtlpMessage.Summary, Many(1, "dataPoints"u8, OtlpMessage.SummaryDataPoint));
    }

    private static void DefineDataPoints(Definer define)
    {
        define(OtlpMessage.NumberDataPoint, One(2, "startTimeUnixNano"u8, OtlpFieldKind.Fixed64), One(3, "timeUnixNano"u8, OtlpFieldKind.Fixed64),
            One(4, "asDouble"u8, OtlpFieldKind.Double), Many(5, "exemplars"u8, OtlpMessage.Exemplar), One(6, "asInt"u8, OtlpFieldKind.SFixed64),
            Many(7, "attributes"u8, OtlpMessage.KeyValue), One(8, "flags"u8, OtlpFieldKind.UInt32));
        define(OtlpMessage.HistogramDataPoint, One(2, "startTimeUnixNano"u8, OtlpFieldKind.Fixed64),
            One(3, "timeUnixNano"u8, OtlpFieldKind.Fixed64), One(4, "count"u8, OtlpFieldKind.Fixed64), One(5, "sum"u8, OtlpFieldKind.Double),
            One(6, "bucketCounts"u8, OtlpFieldKind.PackedFixed64), One(7, "explicitBounds"u8, OtlpFieldKind.PackedDouble),
            Many(8, "exemplars"u8, OtlpMessage.Exemplar), Many(9, "attributes"u8, OtlpMessage.KeyValue), One(10, "flags"u8, OtlpFieldKind.UInt32),
            One(11, "min"u8, OtlpFieldKind.Double), One(12, "max"u8, OtlpFieldKind.Double));
        define(OtlpMessage.ExponentialHistogramDataPoint, Many(1, "attributes"u8, OtlpMessage.KeyValue),
            One(2, "startTimeUnixNano"u8, OtlpFieldKind.Fixed64), One(3, "timeUnixNano"u8, OtlpFieldKind.Fixed64),
            One(4, "count"u8, OtlpFieldKind.Fixed64), One(5, "sum"u8, OtlpFieldKind.Double), One(6, "scale"u8, OtlpFieldKind.SInt32),
            One(7, "zeroCount"u8, OtlpFieldKind.Fixed64), One(8, "positive"u8, OtlpMessage.Buckets), One(9, "negative"u8, OtlpMessage.Buckets),
            One(10, "flags"u8, OtlpFieldKind.UInt32), Many(11, "exemplars"u8, OtlpMessage.Exemplar), One(12, "min"u8, OtlpFieldKind.Double),
            One(13, "max"u8, OtlpFieldKind.Double), One(14, "zeroThreshold"u8, OtlpFieldKind.Double));
        define(OtlpMessage.Buckets, One(1, "offset"u8, OtlpFieldKind.SInt32), One(2, "bucketCounts"u8, OtlpFieldKind.PackedUInt64));
        define(OtlpMessage.SummaryDataPoint, One(2, "startTimeUnixNano"u8, OtlpFieldKind.Fixed64), One(3, "timeUnixNano"u8, OtlpFieldKind.Fixed64),
            One(4, "count"u8, OtlpFieldKind.Fixed64), One(5, "sum"u8, OtlpFieldKind.Double), Many(6, "quantileValues"u8, OtlpMessage.QuantileValue),
            Many(7, "attributes"u8, OtlpMessage.KeyValue), One(8, "flags"u8, OtlpFieldKind.UInt32));
        define(OtlpMessage.QuantileValue, One(1, "quantile"u8, OtlpFieldKind.Double), One(2, "value"u8, OtlpFieldKind.Double));
        define(OtlpMessage.Exemplar, One(2, "timeUnixNano"u8, OtlpFieldKind.Fixed64), One(3, "asDouble"u8, OtlpFieldKind.Double),
            One(4, "spanId"u8, OtlpFieldKind.SpanId), One(5, "traceId"u8, OtlpFieldKind.TraceId), One(6, "asInt"u8, OtlpFieldKind.SFixed64),
            Many(7, "filteredAttributes"u8, OtlpMessage.KeyValue));
    }

    private static void DefineLogs(Definer define)
    {
        define(OtlpMessage.LogsRequest, Many(1, "resourceLogs"u8, OtlpMessage.ResourceLogs));
        define(OtlpMessage.ResourceLogs, One(1, "resource"u8, OtlpMessage.Resource), Many(2, "scopeLogs"u8, OtlpMessage.ScopeLogs),
            One(3, "schemaUrl"u8, OtlpFieldKind.String));
        define(OtlpMessage.ScopeLogs, One(1, "scope"u8, OtlpMessage.Scope), Many(2, "logRecords"u8, OtlpMessage.LogRecord),
            One(3, "schemaUrl"u8, OtlpFieldKind.String));
        define(OtlpMessage.LogRecord, One(1, "timeUnixNano"u8, OtlpFieldKind.Fixed64), One(2, "severityNumber"u8, OtlpFieldKind.Enum),
            One(3, "severityText"u8, OtlpFieldKind.String), One(5, "body"u8, OtlpMessage.AnyValue), Many(6, "attributes"u8, OtlpMessage.KeyValue),
            One(7, "droppedAttributesCount"u8, OtlpFieldKind.UInt32), One(8, "flags"u8, OtlpFieldKind.Fixed32),
            One(9, "traceId"u8, OtlpFieldKind.TraceId), One(10, "spanId"u8, OtlpFieldKind.SpanId),
            One(11, "observedTimeUnixNano"u8, OtlpFieldKind.Fixed64), One(12, "eventName"u8, OtlpFieldKind.String));
    }

    private static (int Number, OtlpField Field) One(int number, ReadOnlySpan<byte> name, OtlpFieldKind kind) =>
        (number, new(name.ToArray(), kind, OtlpMessage.None, Repeated: false));

    private static (int Number, OtlpField Field) One(int number, ReadOnlySpan<byte> name, OtlpMessage message) =>
        (number, new(name.ToArray(), OtlpFieldKind.Message, message, Repeated: false));

    private static (int Number, OtlpField Field) Many(int number, ReadOnlySpan<byte> name, OtlpFieldKind kind) =>
        (number, new(name.ToArray(), kind, OtlpMessage.None, Repeated: true));

    private static (int Number, OtlpField Field) Many(int number, ReadOnlySpan<byte> name, OtlpMessage message) =>
        (number, new(name.ToArray(), OtlpFieldKind.Message, message, Repeated: true));
}
