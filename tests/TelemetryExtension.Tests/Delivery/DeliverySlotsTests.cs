using TelemetryExtension.Delivery;
using TelemetryExtension.Destinations;
using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;

namespace TelemetryExtension.Tests.Delivery;

/// <summary>The number of concurrent requests to a destination.</summary>
public sealed class DeliverySlotsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly ManualTimeProvider _time = new();
    private readonly GatedDestination _destination = new();

    /// <summary>
    /// After an outage each signal sends one request first. Once the backend answers, a signal with much to send gets the slots that the others leave.
    /// </summary>
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
        for (var i = 0; i < IDestination.MaxRequests; i++)
            (await _destination.RequestAsync()).Answer(DeliveryStatus.Retryable);
        await flush.WaitAsync(Patience, TestContext.Current.CancellationToken);

        var drain = bench.DeliverAsync(DeliveryMode.Drain, 60_000);
        // The requests of the logs are answered while the other signals keep their slots.
        List<GatedDestination.Request> others = [];
        for (var probes = 0; probes < 3; probes++)
        {
            var probe = await _destination.RequestAsync();
            if (probe.Signal == Signal.Logs)
                probe.Answer();
            else
                others.Add(probe);
        }

        List<GatedDestination.Request> logs = [await _destination.RequestAsync(), await _destination.RequestAsync()];
        Assert.False(_destination.HasMore);
        foreach (var other in others)
            other.Answer();
        logs[0].Answer();
        logs.RemoveAt(0);
        while (logs.Count < RequestSlots.Shared)
            logs.Add(await _destination.RequestAsync());

        _destination.AnswersAtOnce = true;
        foreach (var request in logs)
            request.Answer();
        Assert.Equal(0, (await drain.WaitAsync(Patience, TestContext.Current.CancellationToken)).LeftPayloads);
    }
}
