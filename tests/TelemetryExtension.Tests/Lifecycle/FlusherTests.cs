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

    [Fact]
    public async Task Flush_SomethingIsPastItsLimits_IsWrittenAndNotWaitedFor()
    {
        var cancelled = TestContext.Current.CancellationToken;
        var time = new ManualTimeProvider();
        var destination = new ScriptedDestination("a") { Respond = static _ => new(DeliveryStatus.Retryable) };
        using var bench = new DeliveryTestBench([destination], new(MaxAttempts: 1, ExpiredMaxBytes: 10_000), null, time);
        using var collector = new TelemetryCollector(
            new TelemetryChannel(new(64, 1 << 20), bench.Ledger), new InvocationTracker("orders"), new EnvironmentResource(new(), new LambdaFacts("1", "orders", "1")),
            new LogEncoder(bench.Outbox.Add, time), null, bench.Outbox, bench.Ledger, time, new(0, FollowSampling: false, PlatformLogs: false));
        var letters = new ScriptedDeadLetters { Gate = new(TaskCreationOptions.RunContinuationsAsynchronously) };
        var flusher = new Flusher(
            collector, bench.Delivery, letters, new FlushPolicy(FlushOptions.From(new(), new()), time), new FlushBudget(TimeSpan.FromMilliseconds(300)), time);
        bench.Add(DeliveryTestBench.LogPayload("one"));

        await flusher.FlushAsync(Patience, measured: false, cancelled).WaitAsync(Patience, cancelled);
        await letters.Asked.Task.WaitAsync(Patience, cancelled);
        bench.AssertLogs(buffered: 1);

        letters.Gate.SetResult();
        await bench.Delivery.GiveUpAsync(letters, cancelled).WaitAsync(Patience, cancelled);
        Assert.Equal((1, 0), (bench.LogsLine().DeadLettered, bench.LogsLine().Buffered));
    }
}
