using Simulation.Time;
using TelemetryExtension.Destinations;
using TelemetryExtension.Otlp;

namespace Simulation.Life;

/// <summary>A backend whose mood changes: it answers, refuses, is busy, slow or gone, or does not answer at all. Its answers wait for the thaw.</summary>
internal sealed class MoodyBackend(string name, SimulatedClock clock, Random random) : IDestination
{
    private readonly long[] _taken = new long[3];
    private int _mood;
    private Action<Action> _whenAwake = static action => action();

    public string Name { get; } = name;

    public bool Accepts(Signal signal) => true;

    /// <summary>Records in requests that were answered with success, or might have been.</summary>
    public long Taken(Signal signal) => _taken[(int)signal];

    /// <summary>A process that was killed hears nothing any more.</summary>
    /// <param name="whenAwake">Runs an answer in the new environment: at once, or after the thaw.</param>
    public void Serve(Action<Action> whenAwake) => _whenAwake = whenAwake;

    public void ChangeMood(bool isGood) => _mood = isGood ? 0 : random.Next(8);

    public ValueTask<DeliveryResult> DeliverAsync(OtlpPayload payload, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<DeliveryResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var client = _whenAwake;
        var (after, result) = Decide();
        if (result is { } value)
            clock.In(TimeSpan.FromMilliseconds(after), () => client(() => Answer(value)));
        return new(answer.Task.WaitAsync(cancellationToken));

        void Answer(DeliveryResult given)
        {
            if (client != _whenAwake || !answer.TrySetResult(given) || given.Status != DeliveryStatus.Delivered)
                return;
            _taken[(int)payload.Signal] += payload.Records;
        }
    }

    private (int AfterMs, DeliveryResult? Result) Decide() => _mood switch
    {
        1 => (1, new(DeliveryStatus.Retryable, Message: "ConnectionError")),
        2 => (5, new(DeliveryStatus.Retryable, Message: "HTTP 503", RetryAfter: TimeSpan.FromSeconds(random.Next(30)))),
        3 => (0, null),
        4 => (random.Next(200, 8000), new(DeliveryStatus.Delivered)),
        5 => (10, new(DeliveryStatus.Refused, Message: "HTTP 403")),
        6 => (10, random.Next(3) == 0 ? new(DeliveryStatus.Refused, MayBeTooLargeOrPoisoned: true, Message: "HTTP 400") : new(DeliveryStatus.Delivered)),
        7 => (random.Next(1, 400), random.Next(2) == 0 ? new(DeliveryStatus.Retryable, Message: "HTTP 502") : new(DeliveryStatus.Delivered)),
        _ => (random.Next(1, 40), new(DeliveryStatus.Delivered)),
    };
}
