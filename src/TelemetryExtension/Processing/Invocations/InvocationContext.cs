using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;

namespace TelemetryExtension.Processing.Invocations;

/// <summary>The identity of one invocation for log records and spans.</summary>
/// <param name="Recorded">Whether its span is sent. Only X-Ray's decision, where the extension follows it, suppresses it.</param>
/// <param name="Sampled">X-Ray's decision for the request. Null when there is none.</param>
/// <param name="SpanId">Of our SERVER span, the parent of everything that the function does (docs/decisions/0003).</param>
internal sealed record InvocationContext(string RequestId, ActivityTraceId TraceId, ActivitySpanId SpanId, bool Recorded, bool? Sampled = null)
{
    /// <summary>Null without tenant isolation.</summary>
    public byte[]? TenantIdUtf8 { get; init; }

    /// <summary>X-Ray's trace id, when the invocation is in another trace. Loggers may print it.</summary>
    public byte[]? XRayTraceIdBytes { get; init; }

    /// <summary>Null for an invocation that is not known to be part of a durable execution.</summary>
    public byte[]? DurableExecutionUtf8 { get; init; }

    public byte[] RequestIdUtf8 { get; } = Encoding.UTF8.GetBytes(RequestId);

    public byte[] TraceIdBytes { get; } = Bytes(TraceId);

    /// <summary>The trace id as a number, which is quick to compare.</summary>
    public UInt128 Trace { get; } = BinaryPrimitives.ReadUInt128BigEndian(Bytes(TraceId));

    public byte[] SpanIdBytes { get; } = Bytes(SpanId);

    public static byte[] Bytes(ActivityTraceId id)
    {
        var bytes = new byte[16];
        id.CopyTo(bytes);
        return bytes;
    }

    private static byte[] Bytes(ActivitySpanId id)
    {
        var bytes = new byte[8];
        id.CopyTo(bytes);
        return bytes;
    }
}
