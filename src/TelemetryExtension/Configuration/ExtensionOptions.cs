using Microsoft.Extensions.Configuration;

namespace TelemetryExtension.Configuration;

/// <summary>
/// All settings, from environment variables only. Loading never fails: a setting that cannot be used is reported once, by name, and its
/// default is used.
/// </summary>
internal sealed record ExtensionOptions(
    TelemetryOptions Telemetry, ReceiverOptions Receiver, BufferOptions Buffer, FlushOptions Flush, DeliveryOptions Delivery, OutboxOptions Outbox,
    MetricOptions Metrics, CloudWatchOptions CloudWatch, DeadLetterOptions DeadLetters, AwsSettings Aws, ResourceSettings Resource)
{
    /// <param name="telemetry">Read before the rest, as <paramref name="receiver"/> is, because they say where to listen.</param>
    /// <param name="ownPorts">Where we really listen: an endpoint that points there is a loop, one that points at somebody else's port is not.</param>
    public static ExtensionOptions Load(
        IConfiguration configuration, TelemetryOptions telemetry, ReceiverOptions receiver, ReadOnlySpan<int> ownPorts, SettingProblems problems)
    {
        var resource = configuration.Get<ResourceSettings>() ?? new();
        var memorySizeMb = int.TryParse(resource.MemorySizeMb, out var megabytes) ? megabytes : 0;
        var heapLimitBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return new(
            telemetry,
            receiver,
            BufferOptions.From(configuration.Get<BufferSettings>() ?? new(), memorySizeMb, heapLimitBytes, problems),
            FlushOptions.From(configuration.Get<FlushSettings>() ?? new(), problems),
            DeliveryOptions.From(configuration.Get<DeliverySettings>() ?? new(), problems, ownPorts),
            OutboxOptions.From(configuration.Get<OutboxSettings>() ?? new(), heapLimitBytes, problems),
            MetricOptions.From(configuration.Get<MetricSettings>() ?? new(), configuration.Get<PriceSettings>() ?? new(), problems),
            CloudWatchOptions.From(configuration.Get<CloudWatchSettings>() ?? new(), problems),
            DeadLetterOptions.From(configuration.Get<DeadLetterSettings>() ?? new(), problems),
            configuration.Get<AwsSettings>() ?? new(),
            resource);
    }
}
