using System.Buffers.Binary;
using System.Buffers.Text;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.Invocations;

namespace TelemetryExtension.Processing.Logs;

/// <summary>Finds the invocation and span of a record. Ids in the record itself win, because they are more precise than the invocation's.</summary>
internal ref struct Correlation
{
    private UInt128 _traceId;
    private ulong _spanId;

    public InvocationContext? Invocation { get; set; }

    /// <summary>A request id that is certainly Lambda's but of an unknown invocation. It is reported as it is, without a guess.</summary>
    public ReadOnlySpan<byte> UnknownRequestId { get; set; }

    /// <summary>By the request id in the line. Without one, the open invocation.</summary>
    public static Correlation Of(ReadOnlySpan<byte> requestId, InvocationContext? open, IInvocationLookup invocations)
    {
        if (requestId.IsEmpty)
            return new() { Invocation = open };
        return Find(requestId, open, invocations) is { } found ? new() { Invocation = found } : new() { UnknownRequestId = requestId };
    }

    public static InvocationContext? Find(ReadOnlySpan<byte> requestId, InvocationContext? open, IInvocationLookup invocations) =>
        open is not null && requestId.SequenceEqual(open.RequestIdUtf8) ? open : invocations.Find(requestId);

    /// <summary>32 hex digits, or X-Ray's <c>1-8-24</c>.</summary>
    public bool TrySetTraceId(ReadOnlySpan<byte> text)
    {
        Span<byte> hex = stackalloc byte[32];
        if (text.Length == 35 && text[0] == '1' && text[1] == '-' && text[10] == '-')
        {
            text.Slice(2, 8).CopyTo(hex);
            text[11..].CopyTo(hex[8..]);
        }
        else if (text.Length == 32)
        {
            text.CopyTo(hex);
        }

        if (_traceId != 0 || !TryHex(hex[..16], out var high) || !TryHex(hex[16..], out var low))
            return false;
        _traceId = new(high, low);
        return _traceId != 0;
    }

    public bool TrySetSpanId(ReadOnlySpan<byte> text) => _spanId == 0 && text.Length == 16 && TryHex(text, out _spanId) && _spanId != 0;

    public readonly void Write(OtlpWriter writer)
    {
        var requestId = Invocation is null ? UnknownRequestId : Invocation.RequestIdUtf8;
        if (!requestId.IsEmpty)
            writer.Attribute(OtlpFields.LogRecord.Attributes, LogAttributes.InvocationId, requestId);
        if (Invocation?.TenantIdUtf8 is { } tenant)
            writer.Attribute(OtlpFields.LogRecord.Attributes, LogAttributes.TenantId, tenant);
        if (Invocation?.DurableExecutionUtf8 is { } execution)
            writer.Attribute(OtlpFields.LogRecord.Attributes, LogAttributes.DurableExecution, execution);
        if (_traceId == 0 && _spanId == 0)
        {
            if (Invocation is not null)
                WriteInvocation(writer, Invocation, Invocation.SpanIdBytes);
            return;
        }

        Span<byte> span = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(span, _spanId);
        Span<byte> trace = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(trace, _traceId);
        // A logger that knows X-Ray's trace only, and the invocation is in another one.
        if (Invocation?.XRayTraceIdBytes is { } given && _spanId == 0 && trace.SequenceEqual(given))
        {
            WriteInvocation(writer, Invocation, Invocation.SpanIdBytes);
            return;
        }

        if (Invocation is not null && (_traceId == 0 || trace.SequenceEqual(Invocation.TraceIdBytes)))
        {
            WriteInvocation(writer, Invocation, _spanId == 0 ? Invocation.SpanIdBytes : span);
            return;
        }

        if (_traceId != 0)
            writer.Bytes(OtlpFields.LogRecord.TraceId, trace);
        if (_spanId != 0)
            writer.Bytes(OtlpFields.LogRecord.SpanId, span);
    }

    private static void WriteInvocation(OtlpWriter writer, InvocationContext invocation, ReadOnlySpan<byte> span)
    {
        if (invocation.Recorded)
            writer.Fixed32(OtlpFields.LogRecord.Flags, 1);
        writer.Bytes(OtlpFields.LogRecord.TraceId, invocation.TraceIdBytes);
        writer.Bytes(OtlpFields.LogRecord.SpanId, span);
    }

    private static bool TryHex(ReadOnlySpan<byte> text, out ulong value) =>
        Utf8Parser.TryParse(text, out value, out var consumed, 'x') && consumed == text.Length;
}
