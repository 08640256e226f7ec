using TelemetryExtension.Otlp;

namespace TelemetryExtension.Buffering;

internal enum TelemetryItemKind : byte
{
    /// <summary>A <c>function</c> record. The slice is the JSON value of <c>record</c>: a string with its quotes, or an object.</summary>
    FunctionLog,

    /// <summary>An <c>extension</c> record, with the same slice.</summary>
    ExtensionLog,

    /// <summary>A <c>platform.*</c> event. The slice is the whole envelope object.</summary>
    PlatformEvent,

    /// <summary>OTLP from the function's SDK. The slice is a serialized Export*ServiceRequest (binary protobuf).</summary>
    OtlpRequest,
}

/// <summary>
/// One item that arrived, as a slice of its request. Nothing is decoded before the flush. The reader that takes the item out of the channel calls
/// <see cref="Release"/> once.
/// </summary>
/// <param name="TimeUnixNano">The time in the envelope (Unix epoch, ns); 0 when there is no readable one.</param>
/// <param name="ReceivedUnixNano">When it arrived here (Unix epoch, ns).</param>
/// <param name="Records">The number of ledger records: 1, or the spans, data points or log records of an OTLP request.</param>
internal readonly record struct TelemetryItem(
    TelemetryItemKind Kind,
    Signal Signal,
    PooledBody Body,
    int Offset,
    int Length,
    long TimeUnixNano,
    long ReceivedUnixNano,
    int Records = 1)
{
    public ReadOnlySpan<byte> Bytes => Body.Span.Slice(Offset, Length);

    public ReadOnlyMemory<byte> Memory => Body.Memory.Slice(Offset, Length);

    /// <summary>Bytes that stay valid after <see cref="Release"/>: the body's own where that wastes no memory, otherwise a copy.</summary>
    public ReadOnlyMemory<byte> ToOwned() => Body.IsRented || Length < Body.Capacity - (Body.Capacity / 8) ? Memory.ToArray() : Memory;

    public void Release() => Body.Release();
}
