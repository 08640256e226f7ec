using TelemetryExtension.Configuration;
using TelemetryExtension.Delivery;
using TelemetryExtension.Processing;

namespace TelemetryExtension.Flushing;

/// <summary>Makes a span of each flush. It decides nothing, and nothing waits for it: the rhythm of flushes is the same with it.</summary>
internal sealed class FlushTrace(TelemetryCollector collector, FlushStrategy strategy)
{
    private readonly string _strategy = strategy.ToString().ToLowerInvariant();

    public void Write(string why, FlushOutcome outcome, DeliverySummary summary, TimeSpan took, TimeSpan limit) => collector.OnFlushed(new(
        why, _strategy, limit, took, outcome switch { FlushOutcome.Complete => "complete", FlushOutcome.CutOff => "cut_off", _ => "incomplete" },
        summary.Sent?.Bytes ?? 0, summary.LeftPayloads, summary.Sent?.BatchIds ?? []));
}
