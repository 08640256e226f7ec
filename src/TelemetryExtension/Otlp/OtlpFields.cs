namespace TelemetryExtension.Otlp;

/// <summary>Field numbers of opentelemetry-proto 1.11.0, named as in the .proto files: those that the extension writes or looks for.</summary>
internal static class OtlpFields
{
    /// <summary>Export{Logs,Metrics,Trace}ServiceRequest.resource_*.</summary>
    public const int RequestResources = 1;

    /// <summary>Resource{Logs,Metrics,Spans}.</summary>
    public static class ResourceScope
    {
        public const int Resource = 1;
        public const int Scopes = 2;
    }

    /// <summary>Scope{Logs,Metrics,Spans}.</summary>
    public static class Scope
    {
        public const int InstrumentationScope = 1;
        public const int Items = 2;
        public const int SchemaUrl = 3;
        public const int Name = 1;
        public const int Version = 2;
    }

    public static class Resource
    {
        public const int Attributes = 1;
    }

    public static class KeyValue
    {
        public const int Key = 1;
        public const int Value = 2;
    }

    public static class AnyValue
    {
        public const int String = 1;
        public const int Bool = 2;
        public const int Int = 3;
        public const int Double = 4;
        public const int Array = 5;
        public const int KvList = 6;

        /// <summary>ArrayValue.values and KeyValueList.values.</summary>
        public const int Values = 1;
    }

    public static class Span
    {
        public const int TraceId = 1;
        public const int SpanId = 2;
        public const int ParentSpanId = 4;
        public const int Name = 5;
        public const int Kind = 6;
        public const int Attributes = 9;
    }

    public static class SpanEvent
    {
        public const int Name = 2;
    }

    public static class SpanStatus
    {
        public const int Message = 2;
    }

    public static class LogRecord
    {
        public const int Time = 1;
        public const int SeverityNumber = 2;
        public const int SeverityText = 3;
        public const int Body = 5;
        public const int Attributes = 6;
        public const int Flags = 8;
        public const int TraceId = 9;
        public const int SpanId = 10;
        public const int ObservedTime = 11;
        public const int EventName = 12;
    }

    public static class Metric
    {
        public const int Name = 1;
        public const int Description = 2;
        public const int Unit = 3;

        /// <summary>Gauge.data_points, Sum.data_points, Histogram.data_points.</summary>
        public const int DataPoints = 1;
        public const int Temporality = 2;
        public const int IsMonotonic = 3;
    }

    public static class NumberPoint
    {
        public const int Start = 2;
        public const int Time = 3;
        public const int Double = 4;
        public const int Int = 6;
        public const int Attributes = 7;
    }

    public static class HistogramPoint
    {
        public const int Start = 2;
        public const int Time = 3;
        public const int Count = 4;
        public const int Sum = 5;
        public const int BucketCounts = 6;
        public const int Bounds = 7;
        public const int Attributes = 9;
        public const int Min = 11;
        public const int Max = 12;
    }
}
