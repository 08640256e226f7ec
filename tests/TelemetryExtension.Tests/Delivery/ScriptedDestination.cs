using TelemetryExtension.Destinations;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Delivery;

/// <summary>A destination with scripted answers, then always success. It answers at once.</summary>
internal sealed class ScriptedDestination(string name) : IDestination
{
    public string Name { get; } = name;

    public HashSet<Signal> Signals { get; } = [Signal.Traces, Signal.Metrics, Signal.Logs];

    public Queue<DeliveryResult> Answers { get; } = new();

    public Func<OtlpPayload, DeliveryResult>? Respond { get; set; }

    public List<OtlpPayload> Requests { get; } = [];

    public bool Accepts(Signal signal) => Signals.Contains(signal);

    public ValueTask<DeliveryResult> DeliverAsync(OtlpPayload payload, CancellationToken cancellationToken)
    {
        lock (Requests)
        {
            Requests.Add(payload);
            return new(Answers.TryDequeue(out var answer) ? answer : Respond?.Invoke(payload) ?? new(DeliveryStatus.Delivered));
        }
    }
}
