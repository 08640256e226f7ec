using TelemetryExtension.Configuration;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Processing.Shaping;

/// <summary>Leaves out metrics whose name is in the list of denied names, or is missing in a list of allowed names.</summary>
internal sealed class MetricFilter(NameList allowed, NameList denied) : IRecordFilter
{
    public RecordVerdict Judge(Signal signal, ReadOnlySpan<byte> record)
    {
        if (signal is not Signal.Metrics || !new ProtobufReader(record).TryFind(OtlpFields.Metric.Name, out var name))
            return RecordVerdict.Keep;
        return denied.Contains(name) || (!allowed.IsEmpty && !allowed.Contains(name)) ? RecordVerdict.Filtered : RecordVerdict.Keep;
    }
}
