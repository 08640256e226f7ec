using System.Diagnostics;
using System.Text;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.SemanticConventions;

namespace TelemetryExtension.Processing.Invocations;

/// <summary>
/// Finds the spans of invocations in a trace request that passes through. It steps over every span whose kind is neither SERVER nor CONSUMER, so it
/// reads a few bytes of most spans. Only for requests that <see cref="OtlpRequestValidator"/> has accepted.
/// </summary>
internal static class FunctionSpanReader
{
    private const ulong Server = 2;
    private const ulong Consumer = 5;

    private static readonly byte[] InvocationId = Encoding.UTF8.GetBytes(Conventions.FaasInvocationId);
    private static readonly byte[] Trigger = Encoding.UTF8.GetBytes(Conventions.FaasTrigger);
    private static readonly byte[] Route = Encoding.UTF8.GetBytes(Conventions.HttpRoute);

    /// <summary>More attributes or longer texts than these are data of the application.</summary>
    private const int MaxAttributes = 16;
    private const int MaxTextBytes = 1024;

    /// <summary>Null when there is none.</summary>
    public static List<FunctionSpan>? Read(ReadOnlySpan<byte> request)
    {
        List<FunctionSpan>? found = null;
        var resources = new ProtobufReader(request);
        while (TryNext(ref resources, OtlpFields.RequestResources, out var resource))
        {
            var scopes = new ProtobufReader(resource);
            while (TryNext(ref scopes, OtlpFields.ResourceScope.Scopes, out var scope))
            {
                var spans = new ProtobufReader(scope);
                while (TryNext(ref spans, OtlpFields.Scope.Items, out var span))
                    if (KindOf(span) is Server or Consumer && ReadSpan(span) is { } read)
                        (found ??= []).Add(read);
            }
        }

        return found;
    }

    /// <summary>The next field with this number. Every parent in OTLP's traces holds messages only.</summary>
    private static bool TryNext(ref ProtobufReader reader, int field, out ReadOnlySpan<byte> message)
    {
        message = default;
        while (reader.TryReadTag(out var number, out var type))
        {
            if (number == field && type is WireType.LengthDelimited)
                return reader.TryReadBytes(out message);
            if (!reader.TrySkip(type))
                return false;
        }

        return false;
    }

    private static ulong KindOf(ReadOnlySpan<byte> span)
    {
        var reader = new ProtobufReader(span);
        while (reader.TryReadTag(out var number, out var type))
        {
            if (number == OtlpFields.Span.Kind && type is WireType.Varint)
                return reader.TryReadVarint(out var kind) ? kind : 0;
            if (!reader.TrySkip(type))
                return 0;
        }

        return 0;
    }

    private static FunctionSpan? ReadSpan(ReadOnlySpan<byte> span)
    {
        if (RequestIdOf(span) is not { } requestId)
            return null;
        ActivityTraceId? traceId = null;
        ActivitySpanId? spanId = null, parent = null;
        var isServer = false;
        string? trigger = null, execution = null;
        List<KeyValuePair<string, object?>> attributes = [];
        var reader = new ProtobufReader(span);
        while (reader.TryReadTag(out var number, out var type))
        {
            if (number == OtlpFields.Span.Kind && type is WireType.Varint)
            {
                reader.TryReadVarint(out var kind);
                isServer = kind == Server;
                continue;
            }

            if (type is not WireType.LengthDelimited)
            {
                reader.TrySkip(type);
                continue;
            }

            reader.TryReadBytes(out var bytes);
            if (number == OtlpFields.Span.TraceId && IsId(bytes, 16))
                traceId = ActivityTraceId.CreateFromBytes(bytes);
            else if (number == OtlpFields.Span.SpanId && IsId(bytes, 8))
                spanId = ActivitySpanId.CreateFromBytes(bytes);
            else if (number == OtlpFields.Span.ParentSpanId && IsId(bytes, 8))
                parent = ActivitySpanId.CreateFromBytes(bytes);
            else if (number == OtlpFields.Span.Attributes)
                Take(bytes);
        }

        foreach (var (key, value) in attributes)
            if (key == Conventions.FaasTrigger)
                trigger = value as string;
        return traceId is { } trace && spanId is { } id
            ? new(requestId, isServer, trace, id, parent, trigger, attributes) { DurableExecution = execution }
            : null;

        void Take(ReadOnlySpan<byte> attribute)
        {
            // The plugins for durable functions differ in the key. The ARN's form is the same.
            if (execution is null && attribute.IndexOf(DurableExecutions.Marker) >= 0 && ValueOf(ValuePartOf(attribute)) is string arn && DurableExecutions.IsArn(arn))
                execution = arn;
            else if (attributes.Count < MaxAttributes && TryTake(attribute) is { } pair && !attributes.Exists(one => one.Key == pair.Key))
                attributes.Add(pair);
        }
    }

    private static ReadOnlySpan<byte> ValuePartOf(ReadOnlySpan<byte> attribute)
    {
        KeyOf(attribute, out var value);
        return value;
    }

    private static string? RequestIdOf(ReadOnlySpan<byte> span)
    {
        var attributes = new ProtobufReader(span);
        while (TryNext(ref attributes, OtlpFields.Span.Attributes, out var attribute))
        {
            var key = KeyOf(attribute, out var value);
            if ((key.SequenceEqual(InvocationId) || key.SequenceEqual("faas.execution"u8)) && ValueOf(value) is string { Length: > 0 } id)
                return id;
        }

        return null;
    }

    private static KeyValuePair<string, object?>? TryTake(ReadOnlySpan<byte> attribute)
    {
        var key = KeyOf(attribute, out var value);
        if (!key.StartsWith("messaging."u8) && !key.SequenceEqual(Trigger) && !key.SequenceEqual(Route))
            return null;
        return ValueOf(value) is { } simple ? new(Encoding.UTF8.GetString(key), simple) : null;
    }

    private static ReadOnlySpan<byte> KeyOf(ReadOnlySpan<byte> attribute, out ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> key = value = default;
        var reader = new ProtobufReader(attribute);
        while (reader.TryReadTag(out var number, out var type))
        {
            if (type is not WireType.LengthDelimited)
                reader.TrySkip(type);
            else if (number == OtlpFields.KeyValue.Key)
                reader.TryReadBytes(out key);
            else if (reader.TryReadBytes(out var other) && number == OtlpFields.KeyValue.Value)
                value = other;
        }

        return key;
    }

    /// <summary>A text or a whole number. Null for any other value.</summary>
    private static object? ValueOf(ReadOnlySpan<byte> value)
    {
        var reader = new ProtobufReader(value);
        if (!reader.TryReadTag(out var number, out var type))
            return null;
        if (number == OtlpFields.AnyValue.String && type is WireType.LengthDelimited && reader.TryReadBytes(out var text) && text.Length is > 0 and <= MaxTextBytes)
            return Encoding.UTF8.GetString(text);
        return number == OtlpFields.AnyValue.Int && type is WireType.Varint && reader.TryReadVarint(out var whole) ? (long)whole : null;
    }

    private static bool IsId(ReadOnlySpan<byte> bytes, int length) => bytes.Length == length && bytes.ContainsAnyExcept((byte)0);
}
