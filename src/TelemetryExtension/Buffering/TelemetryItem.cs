using TelemetryExtension.Otlp;

namespace TelemetryExtension.Buffering;

internal enum TelemetryItemKind : byte
{
    /// <summary>A <c>function</c> record: the slice is the JSON value of <c>record</c> (a string with its quotes, or an object).</summary>
    FunctionLog,

    /// <summary>An <c>extension</c> record, same slice.</summary>
    ExtensionLog,

    /// <summary>A <c>platform.*</c> event: the slice is the whole envelope object.</summary>
    PlatformEvent,

    /// <summary>OTLP from the function's SDK: the slice is a serialized Export*ServiceRequest (binary protobuf).</summary>
    OtlpRequest,
}

/// <summary>
/// One thing that arrived, as a slice of the request it came in: nothing is decoded before the flush.
/// Whoever takes the item out of the channel calls <see cref="Release"/> once.
/// </summary>
/// <param name="TimeUnixNano">The envelope's time (Unix epoch, ns); 0 when it had none that can be read.</param>
/// <param name="ReceivedUnixNano">When it reached us (Unix epoch, ns).</param>
/// <param name="Records">How many ledger records this is: 1, or the spans, points or log records of an OTLP request.</param>
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

    /// <summary>The bytes for good, valid after <see cref="Release"/>: the body's own where that wastes no memory, else a copy.</summary>
    public ReadOnlyMemory<byte> ToOwned() => Body.IsRented || Length < Body.Capacity - (Body.Capacity / 8) ? Memory.ToArray() : Memory;

    public void Release() => Body.Release();
}
