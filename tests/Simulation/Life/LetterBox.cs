using TelemetryExtension.Delivery;
using TelemetryExtension.Otlp;

namespace Simulation.Life;

/// <summary>Takes every dead letter, and counts its records.</summary>
internal sealed class LetterBox : IDeadLetters
{
    public bool HasRoom => true;

    public long[] Records { get; } = new long[3];

    public ValueTask<bool[]> WriteAsync(IReadOnlyList<OtlpPayload> payloads, CancellationToken cancellationToken)
    {
        foreach (var payload in payloads)
            Records[(int)payload.Signal] += payload.Records;
        return new(payloads.Select(static _ => true).ToArray());
    }
}
