using TelemetryExtension.Buffering;
using TelemetryExtension.Export;
using TelemetryExtension.Flushing;
using TelemetryExtension.Invocations;
using TelemetryExtension.Lifecycle;
using TelemetryExtension.Logs;
using TelemetryExtension.SemanticConventions;
using TelemetryExtension.Tests.Export;

namespace TelemetryExtension.Tests.Lifecycle;

public sealed class FlusherTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task Flush_SomethingIsPastItsLimits_IsWrittenAndNotWaitedFor()
    {
        var cancelled = TestContext.Current.CancellationToken;
        var destination = new ScriptedDestination("a") { Respond = static _ => new(DeliveryStatus.Retryable) };
        using var bench = new DeliveryTestBench([destination], new(MaxAttempts: 1, KeepsForDeadLetters: true), null, _time);
        using var collector = Collector(bench);
        var letters = new ScriptedDeadLetters { Gate = new(TaskCreationOptions.RunContinuationsAsynchronously) };
        var flusher = Flusher(bench, collector, letters);
        bench.Add(DeliveryTestBench.LogPayload("one"));

        await flusher.FlushAsync(Patience, measured: false, cancelled).WaitAsync(Patience, cancelled);
        await letters.Asked.Task.WaitAsync(Patience, cancelled);
        bench.AssertLogs(buffered: 1);

        letters.Gate.SetResult();
        await bench.Delivery.GiveUpAsync(letters, cancelled).WaitAsync(Patience, cancelled);
        Assert.Equal((1, 0), (bench.LogsLine().DeadLettered, bench.LogsLine().Buffered));
    }

    [Fact]
    public async Task Flush_OneDestinationIsDownForGood_TheBudgetIsLearnedFromTheOthers()
    {
        var dead = new ScriptedDestination("dead") { Respond = static _ => new(DeliveryStatus.Retryable) };
        using var bench = new DeliveryTestBench([dead, new ScriptedDestination("alive")], null, RetrySchedule.Default, _time);
        using var collector = Collector(bench);
        var budget = new FlushBudget(TimeSpan.FromMilliseconds(300));
        var flusher = Flusher(bench, collector, new ScriptedDeadLetters(), budget);
        for (var i = 0; i < 20; i++)
        {
            bench.Add(DeliveryTestBench.LogPayload("one"));
            await flusher.FlushAsync(Patience, measured: true, TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(20, bench.LogsLine().Buffered);
        Assert.InRange(budget.AfterRuntimeDone(Deadline.OfInvoke(_time.GetUtcNow().AddSeconds(10).ToUnixTimeMilliseconds(), default, _time)), TimeSpan.Zero, TimeSpan.FromMilliseconds(100));
    }

    private TelemetryCollector Collector(DeliveryTestBench bench) => new(
        new TelemetryChannel(new(64, 1 << 20), bench.Ledger), new InvocationTracker("orders"), new EnvironmentResource(new(), new LambdaFacts("1", "orders", "1")),
        new LogEncoder(bench.Outbox.Add, _time), null, bench.Outbox, bench.Ledger, _time, new(0, FollowSampling: false, PlatformLogs: false));

    private Flusher Flusher(DeliveryTestBench bench, TelemetryCollector collector, ScriptedDeadLetters letters, FlushBudget? budget = null) => new(
        collector, bench.Delivery, letters, new FlushPolicy(FlushOptions.From(new(), new()), _time), budget ?? new(TimeSpan.FromMilliseconds(300)), _time);
}
