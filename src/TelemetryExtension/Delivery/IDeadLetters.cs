using TelemetryExtension.Otlp;

namespace TelemetryExtension.Delivery;

/// <summary>The last resort for payloads that no destination took before the environment ended, or within their limits.</summary>
internal interface IDeadLetters
{
    /// <summary>False when nothing more can be written: nobody needs to put payloads together for it.</summary>
    bool HasRoom { get; }

    /// <summary>Writes payloads in order until done or cancelled; answers for each whether it was written. Does not throw, not even for cancellation.</summary>
    ValueTask<bool[]> WriteAsync(IReadOnlyList<OtlpPayload> payloads, CancellationToken cancellationToken);
}
