using TelemetryExtension.Buffering;
using TelemetryExtension.Configuration;
using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Flushing;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Logs;
using TelemetryExtension.Processing.Resources;
using TelemetryExtension.Tests.Configuration;
using TelemetryExtension.Tests.Delivery;

namespace TelemetryExtension.Tests.Flushing;

/// <summary>The extension's own spans: they say what each flush did, and cause none.</summary>
public sealed class FlushTraceTests : IDisposable
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(1);

    private readonly ManualTimeProvider _time = new();
    private readonly ScriptedDestination _destination = new("a");
    private readonly InvocationTracker _tracker = new("orders");
    private readonly DeliveryTestBench _bench;
    private readonly TelemetryCollector _collector;
    private readonly Flusher _flusher;

    public FlushTraceTests()
    {
        _bench = new([_destination], null, null, _time, keepsSent: true);
        _collector = new(
            new TelemetryChannel(new(64, 1 << 20), _bench.Ledger), _tracker, new EnvironmentResource(new(), new LambdaFacts("1", "orders", "1")),
            new LogEncoder(_bench.Outbox.Add, _time), null, _bench.Outbox, _bench.Ledger, _time, new(0, FollowSampling: false, PlatformLogs: false));
        _flusher = new(
            _collector, _bench.Delivery, new ScriptedDeadLetters(), new FlushPolicy(FlushOptions.From(new Env().Read()), _time), new FlushBudget(Budget), _bench.Ledger, _time,
            new FlushTrace(_collector, FlushStrategy.Adaptive));
    }

    public void Dispose()
    {
        _collector.Dispose();
        _bench.Dispose();
    }

    [Fact]
    public async Task Flush_NothingButItsOwnSpan_SendsNothing()
    {
        _bench.Add(DeliveryTestBench.LogPayload("one"));
        for (var flush = 0; flush < 5; flush++)
            await FlushAsync();
        Assert.Equal([Signal.Logs], _destination.Requests.Select(request => request.Signal));
        Assert.Equal(0, _bench.Ledger[LedgerAccount.Traces].Received);
    }

    [Fact]
    public async Task Flush_OtherSpansLeave_TheSpanOfTheLastFlushLeavesWithThem()
    {
        _bench.Add(DeliveryTestBench.LogPayload("one"));
        await FlushAsync("the first reason");
        Invocation("a");
        await FlushAsync("the second reason");

        var traces = Assert.Single(_destination.Requests, request => request.Signal == Signal.Traces);
        Assert.Equal(2, traces.Records);
        Assert.Contains("the first reason", Text(traces), StringComparison.Ordinal);
        Assert.DoesNotContain("the second reason", Text(traces), StringComparison.Ordinal);
        Assert.Equal((2, 2), (_bench.Ledger[LedgerAccount.Traces].Received, _bench.Ledger[LedgerAccount.Traces].Exported));
    }

    [Fact]
    public async Task Close_WaitingSpans_AreEncoded()
    {
        Invocation("a");
        await FlushAsync("the only reason");
        _collector.Close("spindown", hasTelemetry: true);
        await _bench.Delivery.DeliverAsync(TelemetryExtension.Delivery.DeliveryMode.Drain, Budget, TestContext.Current.CancellationToken);
        Assert.Contains("the only reason", Text(_destination.Requests[^1]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Flush_NobodyTakesAnything_TooManySpansAreCountedAsDropped()
    {
        _destination.Respond = static _ => new(DeliveryStatus.Retryable);
        _bench.Add(DeliveryTestBench.LogPayload("one"));
        for (var flush = 0; flush < 70; flush++)
            await FlushAsync();
        Assert.Equal((6, 6), (_bench.Ledger[LedgerAccount.Traces].Received, _bench.Ledger[LedgerAccount.Traces].Dropped[(int)DropReason.BufferItems]));
    }

    private Task FlushAsync(string why = "a test") => _flusher.FlushAsync(why, Budget, measured: true, TestContext.Current.CancellationToken);

    private void Invocation(string id)
    {
        _tracker.OnInvoke(id, "", null, 1000);
        _tracker.Apply(new PlatformEvent.RuntimeDone(2000, id, "success", null, 1, 1, [], default, null));
    }

    private static string Text(OtlpPayload payload) => System.Text.Encoding.Latin1.GetString(payload.Body.Span);
}
