using TelemetryExtension.Delivery;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Delivery;

internal sealed class ScriptedDeadLetters : IDeadLetters
{
    public int Room { get; init; } = int.MaxValue;

    public bool HasRoom => Written.Count < Room;

    /// <summary>When set, writing waits until it completes.</summary>
    public TaskCompletionSource? Gate { get; init; }

    /// <summary>Whether a call that waits for the gate returns on cancellation without writing.</summary>
    public bool GivesUp { get; init; }

    /// <summary>Completed by the first call.</summary>
    public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public List<OtlpPayload> Written { get; } = [];

    /// <summary>Those of <see cref="Written"/>, in the same order.</summary>
    public List<DropReason> Reasons { get; } = [];

    public async ValueTask<bool[]> WriteAsync(IReadOnlyList<UndeliveredPayload> payloads, CancellationToken cancellationToken)
    {
        Asked.TrySetResult();
        if (Gate is not null)
            await Gate.Task.WaitAsync(GivesUp ? cancellationToken : CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (GivesUp && cancellationToken.IsCancellationRequested)
            return new bool[payloads.Count];
        var now = payloads.Take(Room - Written.Count).ToList();
        Written.AddRange(now.Select(static each => each.Payload));
        Reasons.AddRange(now.Select(static each => each.Reason));
        return [.. payloads.Select((_, i) => i < now.Count)];
    }
}
