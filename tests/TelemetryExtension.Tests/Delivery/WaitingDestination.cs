using System.Threading.Channels;
using TelemetryExtension.Destinations;
using TelemetryExtension.Otlp;
using TelemetryExtension.Tests.Lifecycle;

namespace TelemetryExtension.Tests.Delivery;

/// <summary>A destination for logs. It accepts them at once, or while it hangs only ends by cancellation.</summary>
internal sealed class WaitingDestination(TimeProvider time) : IDestination
{
    private readonly Channel<Request> _requests = Channel.CreateUnbounded<Request>();
    private volatile TaskCompletionSource? _gate;

    public string Name => "waiting";

    public DeliveryResult Answer { get; set; } = new(DeliveryStatus.Delivered);

    /// <summary>Setting it to false again releases hanging requests.</summary>
    public bool Hangs
    {
        set
        {
            _gate?.TrySetResult();
            _gate = value ? new(TaskCreationOptions.RunContinuationsAsynchronously) : null;
        }
    }

    public bool Accepts(Signal signal) => signal == Signal.Logs;

    public async ValueTask<DeliveryResult> DeliverAsync(OtlpPayload payload, CancellationToken cancellationToken)
    {
        var gate = _gate;
        _requests.Writer.TryWrite(new(time.GetElapsedTime(0), cancellationToken));
        if (gate is not null)
            await gate.Task.WaitAsync(cancellationToken);
        return Answer;
    }

    /// <summary>Waits for the next request.</summary>
    public async Task<Request> RequestAsync()
    {
        using var patience = new CancellationTokenSource(LoopUnderTest.Patience);
        return await _requests.Reader.ReadAsync(patience.Token);
    }

    /// <summary>Whether a request arrived that <see cref="RequestAsync"/> has not returned yet.</summary>
    public bool HasMore => _requests.Reader.TryPeek(out _);

    /// <param name="CutOff">The end of the sender's budget.</param>
    internal sealed record Request(TimeSpan At, CancellationToken CutOff);
}
