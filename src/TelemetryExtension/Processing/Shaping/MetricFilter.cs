using TelemetryExtension.Configuration;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Processing.Shaping;

/// <summary>Leaves out metrics by their names: those of a list, and those that another list does not have.</summary>
internal sealed class MetricFilter(NameList allowed, NameList denied) : IRecordFilter
{
    public RecordVerdict Judge(Signal signal, ReadOnlySpan<byte> record)
    {
        if (signal is not Signal.Metrics || !new ProtobufReader(record).TryFind(OtlpFields.Metric.Name, out var name))
            return RecordVerdict.Keep;
        return denied.Contains(name) || (!allowed.IsEmpty && !allowed.Contains(name)) ? RecordVerdict.Filtered : RecordVerdict.Keep;
    }
}
