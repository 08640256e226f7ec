using TelemetryExtension.Buffering;
using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Flushing;
using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;
using TelemetryExtension.Processing;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Logs;
using TelemetryExtension.Processing.Resources;
using TelemetryExtension.Tests.Configuration;
using TelemetryExtension.Tests.Delivery;

namespace TelemetryExtension.Tests.Flushing;

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

        await flusher.FlushAsync("a test", Patience, measured: false, cancelled).WaitAsync(Patience, cancelled);
        await letters.Asked.Task.WaitAsync(Patience, cancelled);
        bench.AssertLogs(buffered: 1);

        letters.Gate.SetResult();
        await bench.Delivery.GiveUpAsync(letters, cancelled).WaitAsync(Patience, cancelled);
        Assert.Equal((1, 0), (bench.LogsLine().DeadLettered, bench.LogsLine().Buffered));
    }

    /// <summary>Stands for any exception that a bug might throw.</summary>
    [Fact]
    public async Task Flush_CollectingThrows_WhatIsEncodedIsDelivered()
    {
        using var bench = new DeliveryTestBench([new ScriptedDestination("a")], null, null, _time);
        using var collector = Collector(bench, static _ => throw new InvalidOperationException("a bug"), out var channel);
        var body = PooledBody.Allocate(5);
        "\"one\""u8.CopyTo(body.Span);
        channel.TryWrite(new(TelemetryItemKind.FunctionLog, Signal.Logs, body, 0, 5, 0, 0));
        var flusher = Flusher(bench, collector, new ScriptedDeadLetters());
        bench.Add(DeliveryTestBench.LogPayload("two"));

        await flusher.FlushAsync("a test", Patience, measured: false, TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);

        bench.AssertLogs(exported: 1, buffered: 1);
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
            await flusher.FlushAsync("a test", Patience, measured: true, TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(20, bench.LogsLine().Buffered);
        Assert.InRange(budget.AfterRuntimeDone(Deadline.OfInvoke(_time.GetUtcNow().AddSeconds(10).ToUnixTimeMilliseconds(), default, _time)), TimeSpan.Zero, TimeSpan.FromMilliseconds(100));
    }

    private TelemetryCollector Collector(DeliveryTestBench bench) => Collector(bench, bench.Outbox.Add, out _);

    private TelemetryCollector Collector(DeliveryTestBench bench, Action<OtlpPayload> encoded, out TelemetryChannel channel)
    {
        channel = new(new(64, 1 << 20), bench.Ledger);
        return new(
            channel, new InvocationTracker("orders"), new EnvironmentResource(new(), new LambdaFacts("1", "orders", "1")),
            new LogEncoder(encoded, _time), null, bench.Outbox, bench.Ledger, _time, new(0, FollowSampling: false, PlatformLogs: false));
    }

    private Flusher Flusher(DeliveryTestBench bench, TelemetryCollector collector, ScriptedDeadLetters letters, FlushBudget? budget = null) => new(
        collector, bench.Delivery, letters, new FlushPolicy(FlushOptions.From(new Env().Read()), _time), budget ?? new(TimeSpan.FromMilliseconds(300)), bench.Ledger, _time);
}
