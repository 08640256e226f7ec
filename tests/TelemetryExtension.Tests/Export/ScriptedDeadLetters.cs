using TelemetryExtension.Export;

namespace TelemetryExtension.Tests.Export;

internal sealed class ScriptedDeadLetters : IDeadLetters
{
    public int Room { get; init; } = int.MaxValue;

    /// <summary>When set, nothing is written before it is completed.</summary>
    public TaskCompletionSource? Gate { get; init; }

    public List<OtlpPayload> Written { get; } = [];

    public async ValueTask<int> WriteAsync(IReadOnlyList<OtlpPayload> payloads, CancellationToken cancellationToken)
    {
        if (Gate is not null)
            await Gate.Task;
        var now = payloads.Take(Room - Written.Count).ToList();
        Written.AddRange(now);
        return now.Count;
    }
}
