using TelemetryExtension.Delivery;

namespace Simulation.Life;

/// <summary>Takes every dead letter, and counts its records.</summary>
internal sealed class LetterBox : IDeadLetters
{
    public bool HasRoom => true;

    public long[] Records { get; } = new long[3];

    public ValueTask<bool[]> WriteAsync(IReadOnlyList<UndeliveredPayload> payloads, CancellationToken cancellationToken)
    {
        foreach (var (payload, _) in payloads)
            Records[(int)payload.Signal] += payload.Records;
        return new(payloads.Select(static _ => true).ToArray());
    }
}
