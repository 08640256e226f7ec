using System.Threading.Channels;
using TelemetryExtension.Destinations;
using TelemetryExtension.Otlp;
using TelemetryExtension.Tests.Lifecycle;

namespace TelemetryExtension.Tests.Delivery;

/// <summary>Takes logs only: at once, or, while it hangs, never, until it is cancelled.</summary>
internal sealed class WaitingDestination(TimeProvider time) : IDestination
{
    private readonly Channel<Request> _requests = Channel.CreateUnbounded<Request>();
    private volatile TaskCompletionSource? _gate;

    public string Name => "waiting";

    public DeliveryResult Answer { get; set; } = new(DeliveryStatus.Delivered);

    /// <summary>False again lets those go that hang.</summary>
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

    /// <summary>Whether a request came that <see cref="RequestAsync"/> has not told yet.</summary>
    public bool HasMore => _requests.Reader.TryPeek(out _);

    /// <param name="CutOff">The budget's end, as the sender sees it.</param>
    internal sealed record Request(TimeSpan At, CancellationToken CutOff);
}
