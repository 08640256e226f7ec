using System.Threading.Channels;
using TelemetryExtension.Export;

namespace TelemetryExtension.Tests.Export;

/// <summary>How many requests a destination gets at once.</summary>
public sealed class DeliverySlotsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly ManualTimeProvider _time = new();
    private readonly GatedDestination _destination = new();

    /// <summary>A backend that was down is tried with one request of each signal; once it answers, whoever has much to send gets what the others leave.</summary>
    [Fact]
    public async Task Drain_OtherSignalsAreDone_TheOneWithMuchToSendTakesTheirSlots()
    {
        const int Logs = 20;
        using var bench = new DeliveryTestBench([_destination], new(MaxRequestBytes: 2000), RetrySchedule.Default, _time);
        bench.Add(DeliveryTestBench.LogPayload("one") with { Signal = Signal.Traces });
        bench.Add(DeliveryTestBench.LogPayload("one") with { Signal = Signal.Metrics });
        for (var i = 0; i < Logs; i++)
            bench.Add(DeliveryTestBench.LogPayload(1, 1500));
        var flush = bench.DeliverAsync(budgetMs: 300);
        for (var i = 0; i < RequestSlots.Most; i++)
            (await _destination.RequestAsync()).Answer.SetResult(new(DeliveryStatus.Retryable));
        await flush.WaitAsync(Patience, TestContext.Current.CancellationToken);

        var drain = bench.DeliverAsync(DeliveryMode.Drain, 60_000);
        // Those of the logs are answered while the other signals hold their slots.
        List<Request> others = [];
        for (var probes = 0; probes < 3; probes++)
        {
            var probe = await _destination.RequestAsync();
            if (probe.Signal == Signal.Logs)
                probe.Answer.SetResult(new(DeliveryStatus.Delivered));
            else
                others.Add(probe);
        }

        List<Request> logs = [await _destination.RequestAsync(), await _destination.RequestAsync()];
        Assert.False(_destination.HasMore);
        foreach (var other in others)
            other.Answer.SetResult(new(DeliveryStatus.Delivered));
        logs[0].Answer.SetResult(new(DeliveryStatus.Delivered));
        logs.RemoveAt(0);
        while (logs.Count < RequestSlots.Shared)
            logs.Add(await _destination.RequestAsync());

        _destination.AnswersAtOnce = true;
        foreach (var request in logs)
            request.Answer.SetResult(new(DeliveryStatus.Delivered));
        Assert.Equal(0, (await drain.WaitAsync(Patience, TestContext.Current.CancellationToken)).LeftPayloads);
    }

    private sealed record Request(Signal Signal, TaskCompletionSource<DeliveryResult> Answer);

    private sealed class GatedDestination : IDestination
    {
        private readonly Channel<Request> _requests = Channel.CreateUnbounded<Request>();

        public string Name => "gated";

        public bool AnswersAtOnce { get; set; }

        public bool HasMore => _requests.Reader.TryPeek(out _);

        public bool Accepts(Signal signal) => true;

        public async Task<Request> RequestAsync()
        {
            using var patience = new CancellationTokenSource(Patience);
            return await _requests.Reader.ReadAsync(patience.Token);
        }

        public async ValueTask<DeliveryResult> DeliverAsync(OtlpPayload payload, CancellationToken cancellationToken)
        {
            if (AnswersAtOnce)
                return new(DeliveryStatus.Delivered);
            // Continues where it is answered, so that what follows has happened when the answer has been given.
            var answer = new TaskCompletionSource<DeliveryResult>();
            _requests.Writer.TryWrite(new(payload.Signal, answer));
            return await answer.Task.WaitAsync(cancellationToken);
        }
    }
}
