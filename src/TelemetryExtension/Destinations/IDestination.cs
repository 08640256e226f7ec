using TelemetryExtension.Otlp;

namespace TelemetryExtension.Destinations;

/// <summary>A receiver of payloads. Several deliveries may run at once, but only one of metrics. Throws only for cancellation.</summary>
internal interface IDestination
{
    /// <summary>The most concurrent deliveries.</summary>
    const int MaxRequests = 6;

    /// <summary>The name for log lines: the target, without secrets.</summary>
    string Name { get; }

    /// <summary>Whether the destination accepts the signal at all.</summary>
    bool Accepts(Signal signal);

    /// <summary>
    /// Whether there is no connection yet and each concurrent request would open its own, with a costly handshake. Requests are then better sent one after
    /// the other. False where all requests share one connection anyway, or where a connection costs little.
    /// </summary>
    bool IsCold => false;

    /// <summary>Opens what a first flush needs, before there is one. Blocks, for a thread of its own; never throws.</summary>
    void Prepare(CancellationToken stop)
    {
    }

    ValueTask<DeliveryResult> DeliverAsync(OtlpPayload payload, CancellationToken cancellationToken);
}
