using System.Text.Json.Nodes;
using OpenTelemetry.Proto.Common.V1;

namespace LambdaSandbox.Backend;

/// <summary>Writes telemetry as JSON for programs: one object per trace with nested spans, then what belongs to no trace.</summary>
public static class TelemetryJson
{
    /// <summary>
    /// Uses the order of <see cref="TelemetryRenderer"/>. Times are Unix nanoseconds as strings, because they do not fit a double; durations and offsets
    /// are milliseconds. The last object holds "logs" and "metrics" outside of traces, if any.
    /// </summary>
    public static IEnumerable<JsonObject> ToJson(
        IReadOnlyList<ReceivedSpan> spans, IReadOnlyList<ReceivedLogRecord> logs, IReadOnlyList<ReceivedMetric> metrics)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        var traces = TraceView.Build(spans, logs);
        foreach (var trace in traces)
        {
            yield return new JsonObject
            {
                ["traceId"] = trace.TraceId,
                ["startTimeUnixNano"] = Text(trace.Start),
                ["durationMs"] = Milliseconds(trace.End - trace.Start),
                ["spans"] = Array(trace.Roots, node => Span(node, trace)),
                ["logs"] = Array(trace.LooseLogs, Log),
            };
        }

        var outside = TraceView.Outside(traces, logs);
        if (outside.Count > 0 || metrics.Count > 0)
        {
            yield return new JsonObject
            {
                ["logs"] = Array(outside, Log),
                ["metrics"] = Array(MetricStream.Build(metrics), Metric),
            };
        }
    }

    private static JsonObject Span(SpanView node, TraceView trace)
    {
        var span = node.Span;
        return new()
        {
            ["spanId"] = TraceView.Hex(span.SpanId),
            ["parentSpanId"] = span.ParentSpanId.IsEmpty ? null : TraceView.Hex(span.ParentSpanId),
            ["name"] = span.Name,
            ["kind"] = span.Kind.ToString().ToLowerInvariant(),
            ["status"] = (span.Status?.Code ?? 0).ToString().ToLowerInvariant(),
            ["statusMessage"] = span.Status is { Message.Length: > 0 } status ? status.Message : null,
            ["startTimeUnixNano"] = Text(span.StartTimeUnixNano),
            ["endTimeUnixNano"] = Text(span.EndTimeUnixNano),
            ["offsetMs"] = Milliseconds(span.StartTimeUnixNano - trace.Start),
            ["durationMs"] = Milliseconds(node.Duration),
            ["received"] = node.Copies.Count + 1,
            ["scope"] = node.Received.Scope.Name,
            ["resource"] = Attributes(node.Resource.Attributes),
            ["attributes"] = Attributes(span.Attributes),
            ["events"] = Array(span.Events, item => new JsonObject
            {
                ["name"] = item.Name,
                ["timeUnixNano"] = Text(item.TimeUnixNano),
                ["attributes"] = Attributes(item.Attributes),
            }),
            ["links"] = Array(span.Links, link => new JsonObject
            {
                ["traceId"] = TraceView.Hex(link.TraceId),
                ["spanId"] = TraceView.Hex(link.SpanId),
                ["attributes"] = Attributes(link.Attributes),
            }),
            ["logs"] = Array(node.Logs, Log),
            ["children"] = Array(node.Children, child => Span(child, trace)),
        };
    }

    private static JsonObject Log(ReceivedLogRecord log) => new()
    {
        ["timeUnixNano"] = Text(TraceView.Time(log)),
        ["severityNumber"] = (int)log.LogRecord.SeverityNumber,
        ["severityText"] = log.LogRecord.SeverityText,
        ["body"] = Value(log.LogRecord.Body),
        ["traceId"] = TraceView.Hex(log.LogRecord.TraceId),
        ["spanId"] = TraceView.Hex(log.LogRecord.SpanId),
        ["attributes"] = Attributes(log.LogRecord.Attributes),
    };

    private static JsonObject Metric(MetricStream stream)
    {
        var json = new JsonObject
        {
            ["name"] = stream.Name,
            ["unit"] = stream.Unit,
            ["kind"] = stream.Kind,
            ["attributes"] = Attributes(stream.Tags),
        };
        foreach (var (name, figure) in stream.Figures)
            json[name] = Number(figure);
        return json;
    }

    private static JsonArray Array<T>(IEnumerable<T> items, Func<T, JsonObject> convert) => new([.. items.Select(convert)]);

    private static JsonObject Attributes(IEnumerable<KeyValue> attributes)
    {
        var json = new JsonObject();
        foreach (var attribute in attributes)
            json[attribute.Key] = Value(attribute.Value);
        return json;
    }

    private static JsonNode? Value(AnyValue? value) => value?.ValueCase switch
    {
        AnyValue.ValueOneofCase.StringValue => value.StringValue,
        AnyValue.ValueOneofCase.BoolValue => value.BoolValue,
        AnyValue.ValueOneofCase.IntValue => value.IntValue,
        AnyValue.ValueOneofCase.DoubleValue => Number(value.DoubleValue),
        AnyValue.ValueOneofCase.BytesValue => value.BytesValue.ToBase64(),
        AnyValue.ValueOneofCase.ArrayValue => new JsonArray([.. value.ArrayValue.Values.Select(Value)]),
        AnyValue.ValueOneofCase.KvlistValue => Attributes(value.KvlistValue.Values),
        _ => null,
    };

    /// <summary>JSON lacks NaN and infinity, which OTLP writes as strings.</summary>
    private static JsonNode Number(double number) => double.IsFinite(number) ? number : Plain.Number(number);

    private static string Text(ulong number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static double Milliseconds(ulong nanoseconds) => nanoseconds / 1e6;
}
