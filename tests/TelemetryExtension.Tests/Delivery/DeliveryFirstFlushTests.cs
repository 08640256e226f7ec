using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;

namespace TelemetryExtension.Tests.Delivery;

/// <summary>Nothing is connected yet, and all three signals have something to send.</summary>
public sealed class DeliveryFirstFlushTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly ManualTimeProvider _time = new();
    private readonly GatedDestination _destination = new(isCold: true);

    [Fact]
    public async Task FirstFlush_BackendIsQuick_OneRequestAfterTheOther()
    {
        using var bench = Bench();
        var delivery = bench.DeliverAsync(budgetMs: 300);

        for (var i = 0; i < 3; i++)
        {
            var request = await _destination.RequestAsync();
            Assert.False(_destination.HasMore);
            _time.Advance(TimeSpan.FromMilliseconds(10));
            request.Answer();
        }

        Assert.Equal(0, (await delivery.WaitAsync(Patience, TestContext.Current.CancellationToken)).LeftPayloads);
    }

    [Fact]
    public async Task FirstFlush_FirstAnswerTookLong_TheOthersGoSideBySide()
    {
        using var bench = Bench();
        var delivery = bench.DeliverAsync(budgetMs: 300);
        var first = await _destination.RequestAsync();
        _time.Advance(TimeSpan.FromMilliseconds(120));
        Assert.False(_destination.HasMore);
        first.Answer();

        GatedDestination.Request[] others = [await _destination.RequestAsync(), await _destination.RequestAsync()];
        _time.Advance(TimeSpan.FromMilliseconds(120));
        foreach (var other in others)
            other.Answer();

        Assert.Equal(0, (await delivery.WaitAsync(Patience, TestContext.Current.CancellationToken)).LeftPayloads);
    }

    [Fact]
    public async Task FirstFlush_FirstAnswerIsMissing_TheOthersDoNotWait()
    {
        using var bench = Bench();
        var delivery = bench.DeliverAsync(budgetMs: 300);
        var first = await _destination.RequestAsync();

        _time.Advance(TimeSpan.FromMilliseconds(150));

        GatedDestination.Request[] all = [first, await _destination.RequestAsync(), await _destination.RequestAsync()];
        foreach (var request in all)
            request.Answer();
        Assert.Equal(0, (await delivery.WaitAsync(Patience, TestContext.Current.CancellationToken)).LeftPayloads);
    }

    private DeliveryTestBench Bench()
    {
        var bench = new DeliveryTestBench([_destination], null, RetrySchedule.Default, _time);
        foreach (var signal in (Signal[])[Signal.Traces, Signal.Metrics, Signal.Logs])
            bench.Add(DeliveryTestBench.LogPayload("one") with { Signal = signal });
        return bench;
    }
}
