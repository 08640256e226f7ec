using TelemetryExtension.Otlp;

namespace TelemetryExtension.Destinations;

/// <summary>Somewhere payloads go. Several deliveries may run at once (of metrics only one), and none throws but for cancellation.</summary>
internal interface IDestination
{
    /// <summary>The most deliveries that run at once.</summary>
    const int MaxRequests = 6;

    /// <summary>For log lines: where this goes, without secrets.</summary>
    string Name { get; }

    /// <summary>Whether the destination wants the signal at all.</summary>
    bool Accepts(Signal signal);

    /// <summary>
    /// A first request has to open a connection, and several at once would open one each: better one after the other. False where all share one anyhow.
    /// </summary>
    bool IsCold => false;

    ValueTask<DeliveryResult> DeliverAsync(OtlpPayload payload, CancellationToken cancellationToken);
}
