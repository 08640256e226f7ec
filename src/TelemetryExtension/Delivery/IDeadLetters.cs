using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Delivery;

/// <summary>The last resort for payloads that no destination took within their limits or before the environment ended.</summary>
internal interface IDeadLetters
{
    /// <summary>False when nothing more can be written. The caller then need not load payloads.</summary>
    bool HasRoom { get; }

    /// <summary>Writes payloads in order until done or cancelled. Returns for each whether it was written. Does not throw, not even for cancellation.</summary>
    ValueTask<bool[]> WriteAsync(IReadOnlyList<UndeliveredPayload> payloads, CancellationToken cancellationToken);
}

/// <param name="Reason">Why no destination took it: <see cref="DropReason.Refused"/>, <see cref="DropReason.Expired"/> or <see cref="DropReason.Shutdown"/>.</param>
internal readonly record struct UndeliveredPayload(OtlpPayload Payload, DropReason Reason);
