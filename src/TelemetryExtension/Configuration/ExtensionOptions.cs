namespace TelemetryExtension.Configuration;

/// <summary>
/// All settings, from environment variables only. Loading never fails: a setting that cannot be used is reported once, by name, and its
/// default is used.
/// </summary>
internal sealed record ExtensionOptions(
    TelemetryOptions Telemetry, ReceiverOptions Receiver, BufferOptions Buffer, FlushOptions Flush, DeliveryOptions Delivery, OutboxOptions Outbox,
    MetricOptions Metrics, CloudWatchOptions CloudWatch, DeadLetterOptions DeadLetters, AwsOptions Aws, ResourceOptions Resource)
{
    /// <param name="telemetry">Read before the rest, as <paramref name="receiver"/> is, because they say where to listen.</param>
    /// <param name="ownPorts">Where we really listen: an endpoint that points there is a loop, one that points at somebody else's port is not.</param>
    public static ExtensionOptions Load(Variables variables, TelemetryOptions telemetry, ReceiverOptions receiver, ReadOnlySpan<int> ownPorts)
    {
        var resource = ResourceOptions.From(variables);
        var memorySizeMb = resource.MemorySizeMb ?? 0;
        var heapLimitBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return new(
            telemetry,
            receiver,
            BufferOptions.From(variables, memorySizeMb, heapLimitBytes),
            FlushOptions.From(variables),
            DeliveryOptions.From(variables, ownPorts),
            OutboxOptions.From(variables, memorySizeMb, heapLimitBytes),
            MetricOptions.From(variables),
            CloudWatchOptions.From(variables),
            DeadLetterOptions.From(variables),
            AwsOptions.From(variables),
            resource);
    }
}
