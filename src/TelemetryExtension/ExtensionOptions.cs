using Microsoft.Extensions.Configuration;
using TelemetryExtension.Buffering;
using TelemetryExtension.CloudWatch;
using TelemetryExtension.DeadLetters;
using TelemetryExtension.Export;
using TelemetryExtension.Flushing;
using TelemetryExtension.Metrics;
using TelemetryExtension.Receiver;
using TelemetryExtension.SemanticConventions;
using TelemetryExtension.Settings;
using TelemetryExtension.TelemetryApi;

namespace TelemetryExtension;

/// <summary>
/// All settings, from environment variables only. Loading never fails: a setting that cannot be used is reported once, by name, and its
/// default is used.
/// </summary>
internal sealed record ExtensionOptions(
    TelemetryOptions Telemetry, ReceiverOptions Receiver, BufferOptions Buffer, FlushOptions Flush, DeliveryOptions Delivery, OutboxOptions Outbox,
    MetricOptions Metrics, CloudWatchOptions CloudWatch, DeadLetterOptions DeadLetters, AwsSettings Aws, ResourceSettings Resource)
{
    public static ExtensionOptions Load(IConfiguration configuration, SettingProblems problems)
    {
        var resource = configuration.Get<ResourceSettings>() ?? new();
        var receiver = ReceiverOptions.From(configuration.Get<ReceiverSettings>() ?? new(), problems);
        var memorySizeMb = int.TryParse(resource.MemorySizeMb, out var megabytes) ? megabytes : 0;
        var ownPorts = receiver.Enabled ? new[] { receiver.HttpPort, receiver.GrpcPort } : [];
        return new(
            TelemetryOptions.From(configuration.Get<TelemetrySettings>() ?? new(), problems),
            receiver,
            BufferOptions.From(configuration.Get<BufferSettings>() ?? new(), memorySizeMb, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, problems),
            FlushOptions.From(configuration.Get<FlushSettings>() ?? new(), problems),
            DeliveryOptions.From(configuration.Get<DeliverySettings>() ?? new(), problems, ownPorts),
            OutboxOptions.From(configuration.Get<OutboxSettings>() ?? new(), problems),
            MetricOptions.From(configuration.Get<MetricSettings>() ?? new(), configuration.Get<PriceSettings>() ?? new(), problems),
            CloudWatchOptions.From(configuration.Get<CloudWatchSettings>() ?? new(), problems),
            DeadLetterOptions.From(configuration.Get<DeadLetterSettings>() ?? new(), problems),
            configuration.Get<AwsSettings>() ?? new(),
            resource);
    }
}
