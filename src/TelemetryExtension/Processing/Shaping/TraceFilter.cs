using System.Buffers.Binary;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing.Sampling;

namespace TelemetryExtension.Processing.Shaping;

/// <summary>Leaves out the records of traces that sampling drops.</summary>
/// <param name="beside">The trace of the invocation that ran when the records arrived.</param>
internal sealed class TraceFilter(TraceSampler sampler, UInt128? beside) : IRecordFilter
{
    /// <summary>Keeps records without a decision.</summary>
    public RecordVerdict Judge(Signal signal, ReadOnlySpan<byte> record) =>
        sampler.Decide(TraceOf(signal, record), beside: beside) is SamplingDecision.Drop ? RecordVerdict.Sampled : RecordVerdict.Keep;

    /// <summary>Whether the decision about a record of the request needs the outcome of a running invocation.</summary>
    public bool MustWait(Signal signal, ReadOnlySpan<byte> request)
    {
        var reader = new OtlpRecordReader(request);
        while (reader.TryRead(out var record))
            if (sampler.Decide(TraceOf(signal, record), beside: beside) is SamplingDecision.Wait)
                return true;
        return false;
    }

    private static UInt128 TraceOf(Signal signal, ReadOnlySpan<byte> record) =>
        new ProtobufReader(record).TryFind(signal is Signal.Traces ? OtlpFields.Span.TraceId : OtlpFields.LogRecord.TraceId, out var id) && id.Length == 16
            ? BinaryPrimitives.ReadUInt128BigEndian(id)
            : UInt128.Zero;
}
