using System.Threading.Channels;
using TelemetryExtension.Export;

namespace TelemetryExtension.Tests.Export;

/// <summary>Nothing is connected yet, and all three signals have something to send.</summary>
public sealed class DeliveryFirstFlushTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly ManualTimeProvider _time = new();
    private readonly ColdDestination _destination = new();

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
            request.SetResult();
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
        first.SetResult();

        TaskCompletionSource[] others = [await _destination.RequestAsync(), await _destination.RequestAsync()];
        _time.Advance(TimeSpan.FromMilliseconds(120));
        foreach (var other in others)
            other.SetResult();

        Assert.Equal(0, (await delivery.WaitAsync(Patience, TestContext.Current.CancellationToken)).LeftPayloads);
    }

    [Fact]
    public async Task FirstFlush_FirstAnswerDoesNotCome_TheOthersDoNotWaitForIt()
    {
        using var bench = Bench();
        var delivery = bench.DeliverAsync(budgetMs: 300);
        var first = await _destination.RequestAsync();

        _time.Advance(TimeSpan.FromMilliseconds(150));

        TaskCompletionSource[] all = [first, await _destination.RequestAsync(), await _destination.RequestAsync()];
        foreach (var request in all)
            request.SetResult();
        Assert.Equal(0, (await delivery.WaitAsync(Patience, TestContext.Current.CancellationToken)).LeftPayloads);
    }

    private DeliveryTestBench Bench()
    {
        var bench = new DeliveryTestBench([_destination], null, RetrySchedule.Default, _time);
        foreach (var signal in (Signal[])[Signal.Traces, Signal.Metrics, Signal.Logs])
            bench.Add(DeliveryTestBench.LogPayload("one") with { Signal = signal });
        return bench;
    }

    /// <summary>Has no connection until the first answer has come.</summary>
    private sealed class ColdDestination : IDestination
    {
        private readonly Channel<TaskCompletionSource> _requests = Channel.CreateUnbounded<TaskCompletionSource>();

        public string Name => "cold";

        public bool IsCold { get; private set; } = true;

        public bool HasMore => _requests.Reader.TryPeek(out _);

        public bool Accepts(Signal signal) => true;

        public async Task<TaskCompletionSource> RequestAsync()
        {
            using var patience = new CancellationTokenSource(Patience);
            return await _requests.Reader.ReadAsync(patience.Token);
        }

        public async ValueTask<DeliveryResult> DeliverAsync(OtlpPayload payload, CancellationToken cancellationToken)
        {
            var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _requests.Writer.TryWrite(answer);
            await answer.Task.WaitAsync(cancellationToken);
            IsCold = false;
            return new(DeliveryStatus.Delivered);
        }
    }
}
