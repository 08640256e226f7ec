namespace TelemetryExtension.Configuration;

/// <summary>
/// All settings, from environment variables only. Loading never fails: an invalid setting is reported once by name and replaced by its default.
/// </summary>
internal sealed record ExtensionOptions(
    TelemetryOptions Telemetry, ReceiverOptions Receiver, BufferOptions Buffer, FlushOptions Flush, DeliveryOptions Delivery, OutboxOptions Outbox,
    MetricOptions Metrics, CloudWatchOptions CloudWatch, DeadLetterOptions DeadLetters, AwsOptions Aws, ResourceOptions Resource,
    ShapingOptions Shaping,
    SecretOptions Secrets, WarmUpOptions WarmUp)
{
    /// <param name="telemetry">Read before the rest, like <paramref name="receiver"/>, because both contain the ports to listen on.</param>
    /// <param name="ownPorts">
    /// The actual ports. An endpoint that points to one of them is a loop; one that points to another process's port is not.
    /// </param>
    public static ExtensionOptions Load(Variables variables, TelemetryOptions telemetry, ReceiverOptions receiver, ReadOnlySpan<int> ownPorts)
    {
        var resource = ResourceOptions.From(variables);
        var memorySizeMb = resource.MemorySizeMb ?? 0;
        var delivery = DeliveryOptions.From(variables, ownPorts);
        var heapLimitBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return new(
            telemetry,
            receiver,
            BufferOptions.From(variables, memorySizeMb, heapLimitBytes),
            FlushOptions.From(variables),
            delivery,
            OutboxOptions.From(variables, memorySizeMb, heapLimitBytes),
            MetricOptions.From(variables, delivery),
            CloudWatchOptions.From(variables),
            DeadLetterOptions.From(variables),
            AwsOptions.From(variables),
            resource,
            ShapingOptions.From(variables),
            SecretOptions.From(variables),
            WarmUpOptions.From(variables));
    }
}
