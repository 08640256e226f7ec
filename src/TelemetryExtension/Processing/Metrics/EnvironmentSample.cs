using TelemetryExtension.Processing.SemanticConventions;

namespace TelemetryExtension.Processing.Metrics;

/// <summary>The kernel's counters for the whole environment at one moment. Null means unreadable.</summary>
/// <param name="CpuSeconds">Busy time of all CPUs since boot.</param>
/// <param name="ReceivedBytes">Since boot, on all interfaces except loopback.</param>
internal readonly record struct EnvironmentSample(
    double? CpuSeconds, long? ReceivedBytes, long? SentBytes, long? TmpUsedBytes, long? FileDescriptors, long? Threads)
{
    /// <summary>Records the difference from the sample at the invocation's start to this one at its end.</summary>
    public void Record(MetricAggregator metrics, in EnvironmentSample start, long timeUnixNano)
    {
        if (CpuSeconds - start.CpuSeconds is { } cpu)
            metrics.Record(FaasMetrics.CpuUsage, Math.Round(cpu, 4), timeUnixNano);
        if (ReceivedBytes - start.ReceivedBytes is { } received)
            metrics.Record(FaasMetrics.NetIo, received, timeUnixNano, new(Conventions.NetworkIoDirection, "receive"));
        if (SentBytes - start.SentBytes is { } sent)
            metrics.Record(FaasMetrics.NetIo, sent, timeUnixNano, new(Conventions.NetworkIoDirection, "transmit"));
        if (TmpUsedBytes is { } tmp)
            metrics.Set(FaasMetrics.TmpUsed, tmp, timeUnixNano);
        if (FileDescriptors is { } descriptors)
            metrics.Set(FaasMetrics.FileDescriptors, descriptors, timeUnixNano);
        if (Threads is { } threads)
            metrics.Set(FaasMetrics.Threads, threads, timeUnixNano);
    }
}
