using System.Threading.Channels;
using TelemetryExtension.Destinations;
using TelemetryExtension.Otlp;

namespace TelemetryExtension.Tests.Delivery;

/// <summary>A destination that answers when the test decides. Warm from its first answer on, or from the start.</summary>
internal sealed class GatedDestination(bool isCold = false) : IDestination
{
    private readonly Channel<Request> _requests = Channel.CreateUnbounded<Request>();

    public string Name => "gated";

    public bool IsCold { get; private set; } = isCold;

    public bool AnswersAtOnce { get; set; }

    /// <summary>Whether a request arrived that <see cref="RequestAsync"/> has not returned yet.</summary>
    public bool HasMore => _requests.Reader.TryPeek(out _);

    public bool Accepts(Signal signal) => true;

    /// <summary>Waits for the next request.</summary>
    public async Task<Request> RequestAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        return await _requests.Reader.ReadAsync(patience.Token);
    }

    public async ValueTask<DeliveryResult> DeliverAsync(OtlpPayload payload, CancellationToken cancellationToken)
    {
        if (AnswersAtOnce)
            return new(DeliveryStatus.Delivered);
        // Continuations run synchronously, so that everything that follows has happened when the answer is given.
        var answer = new TaskCompletionSource<DeliveryResult>();
        _requests.Writer.TryWrite(new(payload.Signal, answer));
        var result = await answer.Task.WaitAsync(cancellationToken);
        IsCold = false;
        return result;
    }

    internal sealed record Request(Signal Signal, TaskCompletionSource<DeliveryResult> Gate)
    {
        public void Answer(DeliveryStatus status = DeliveryStatus.Delivered) => Gate.SetResult(new(status));
    }
}
