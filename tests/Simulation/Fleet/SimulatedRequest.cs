using TelemetryExtension.Destinations;
using TelemetryExtension.Otlp;

namespace Simulation.Fleet;

/// <summary>One request of an environment on its way through the backend.</summary>
internal sealed class SimulatedRequest
{
    // Goes on where it is answered: the simulation has one thread.
    private readonly TaskCompletionSource<DeliveryResult> _answer = new();
    private readonly SimulatedEnvironment _environment;
    private readonly OtlpPayload _payload;

    public SimulatedRequest(SimulatedEnvironment environment, OtlpPayload payload, CancellationToken cancellationToken)
    {
        (_environment, _payload) = (environment, payload);
        if (cancellationToken.CanBeCanceled)
            cancellationToken.UnsafeRegister(static (answer, token) => ((TaskCompletionSource<DeliveryResult>)answer!).TrySetCanceled(token), _answer);
    }

    public int Records => _payload.Records;

    public Task<DeliveryResult> Task => _answer.Task;

    /// <summary>An answer that comes while the environment is frozen is read after the thaw.</summary>
    public void Answer(DeliveryResult result) => _environment.WhenAwake(() => _answer.TrySetResult(result));

    /// <summary>How many of its records the backend had not got yet.</summary>
    public int TakeOnce()
    {
        var records = 0;
        for (var at = 0; at < _payload.Body.Length; at += Chunk.Bytes)
        {
            var chunk = Chunk.Read(_payload.Body.Span[at..]);
            records += _environment.TryTake(chunk.Number) ? chunk.Records : 0;
        }

        return records;
    }
}
