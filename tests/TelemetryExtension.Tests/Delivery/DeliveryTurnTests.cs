using TelemetryExtension.Delivery;
using TelemetryExtension.Destinations;
using TelemetryExtension.Otlp;
using static TelemetryExtension.Tests.Delivery.DeliveryTestBench;

namespace TelemetryExtension.Tests.Delivery;


/// <summary>Two deliveries at the same time: a background flush and the last chance.</summary>
public sealed class DeliveryTurnTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly ManualTimeProvider _time = new();
    private readonly ScriptedDestination _healthy = new("healthy");

    [Fact]
    public async Task Drain_AFlushHangsOnOneDestination_TheOtherGetsAllAtOnce()
    {
        var hanging = new HangingDestination();
        using var bench = Bench(hanging);
        bench.Add(LogPayload("a"));
        var flush = bench.DeliverAsync(budgetMs: 10_000);
        bench.Add(LogPayload("b"));
        var drain = bench.DeliverAsync(DeliveryMode.Drain, 1300);

        // The flush may continue for a fifth of the time. Then it is cancelled, and the hanging destination is tried once more.
        Assert.False(flush.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(260));
        await flush.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await hanging.AskedTwice.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal(2, _healthy.Requests.Sum(static request => request.Records));
        Assert.Equal(hanging.Requests[0].BatchId, hanging.Requests[1].BatchId);

        _time.Advance(TimeSpan.FromMilliseconds(1040));
        Assert.Equal(2, (await drain.WaitAsync(Patience, TestContext.Current.CancellationToken)).LeftPayloads);
    }

    [Fact]
    public async Task Drain_AFlushIsAboutToFinish_NothingIsSentTwice()
    {
        var hanging = new HangingDestination();
        using var bench = Bench(hanging);
        bench.Add(LogPayload("a"));
        var flush = bench.DeliverAsync(budgetMs: 10_000);
        var drain = bench.DeliverAsync(DeliveryMode.Drain, 1300);
        _time.Advance(TimeSpan.FromMilliseconds(200));
        hanging.Answer.SetResult();

        await Task.WhenAll(flush, drain).WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Single(hanging.Requests);
        bench.AssertLogs(exported: 1);
    }

    [Fact]
    public async Task Drain_AFlushIgnoresItsCancellation_SendsTheRestBesideIt()
    {
        var hanging = new HangingDestination { IgnoresCancellation = true };
        using var bench = Bench(hanging);
        bench.Add(LogPayload("a"));
        var flush = bench.DeliverAsync(budgetMs: 10_000);
        bench.Add(LogPayload("b"));
        var drain = bench.DeliverAsync(DeliveryMode.Drain, 1300);
        Assert.Equal(2, _healthy.Requests.Sum(static request => request.Records));
        Assert.Single(hanging.Requests);

        _time.Advance(TimeSpan.FromMilliseconds(260));
        await hanging.Cancelled.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        await hanging.AskedTwice.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        hanging.Answer.SetResult();
        await Task.WhenAll(flush, drain).WaitAsync(Patience, TestContext.Current.CancellationToken);
        bench.AssertLogs(exported: 2);
    }

    [Fact]
    public async Task Once_WhileAnotherHangs_TheHealthyDestinationGetsItsPayloadsAndNoRequestIsRepeated()
    {
        var hanging = new HangingDestination();
        using var bench = Bench(hanging);
        bench.Add(LogPayload("a"));
        var first = bench.DeliverAsync(budgetMs: 10_000);
        bench.Add(LogPayload("b"));
        var second = bench.DeliverAsync(budgetMs: 800);
        Assert.Equal(2, _healthy.Requests.Sum(static request => request.Records));

        _time.Advance(TimeSpan.FromMilliseconds(800));
        await second.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.False(first.IsCompleted);
        Assert.Single(hanging.Requests);
        hanging.Answer.SetResult();
        await first.WaitAsync(Patience, TestContext.Current.CancellationToken);
        bench.AssertLogs(exported: 2);
    }

    [Fact]
    public async Task Once_WithoutAnyTime_NothingIsBegun()
    {
        using var bench = Bench(new ScriptedDestination("other"));
        bench.Add(LogPayload("a"));
        var summary = await bench.DeliverAsync(budgetMs: 0);

        Assert.Equal(new(1, HealthyAreDone: false, WasCutOff: true), summary);
        Assert.Empty(_healthy.Requests);
    }

    private DeliveryTestBench Bench(IDestination other) => new([other, _healthy], null, null, _time);

    private sealed class HangingDestination : IDestination
    {
        public string Name => "hanging";

        public bool IgnoresCancellation { get; init; }

        public List<OtlpPayload> Requests { get; } = [];

        public TaskCompletionSource Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource AskedTwice { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Accepts(Signal signal) => true;

        public async ValueTask<DeliveryResult> DeliverAsync(OtlpPayload payload, CancellationToken cancellationToken)
        {
            lock (Requests)
            {
                Requests.Add(payload);
                if (Requests.Count == 2)
                    AskedTwice.SetResult();
            }

            await using var registration = cancellationToken.Register(() => Cancelled.TrySetResult());
            await Answer.Task.WaitAsync(IgnoresCancellation ? CancellationToken.None : cancellationToken);
            return new(DeliveryStatus.Delivered);
        }
    }
}
