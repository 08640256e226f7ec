using System.Text;
using LambdaSandbox.Backend;
using TelemetryExtension.Configuration;
using TelemetryExtension.Delivery;
using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;
using TelemetryExtension.Tests.Configuration;
using static TelemetryExtension.Tests.Delivery.DeliveryTestBench;

namespace TelemetryExtension.Tests.Delivery;


/// <summary>The effect of one request's failure on others.</summary>
public sealed class DeliveryHealthTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly ManualTimeProvider _time = new();
    private readonly ScriptedDestination _destination = new("a");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Deliver_OneSignalAnswers503_TheOthersArrive(bool isLastChance)
    {
        await using var backend = await OtlpBackend.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        backend.Respond = Faults.On(OtlpSignal.Metrics, Faults.Always(Fault.Http(503)));
        using var bench = new DeliveryTestBench(new Env { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = backend.HttpUrl });
        bench.Add(LogPayload("m") with { Signal = Signal.Metrics });
        await bench.DeliverAsync();
        bench.Add(LogPayload("log"));
        bench.Add(LogPayload("span") with { Signal = Signal.Traces });
        await bench.DeliverAsync(isLastChance ? DeliveryMode.Drain : DeliveryMode.Once, budgetMs: 500);
        Assert.Equal((1, 1, 0), (bench.LogsLine().Exported, bench.Ledger[LedgerAccount.Traces].Exported, bench.Ledger[LedgerAccount.Metrics].Exported));
    }

    [Theory]
    [InlineData((int)Signal.Logs)]
    [InlineData((int)Signal.Metrics)]
    public async Task Deliver_OnePayloadAlwaysFails_TheOthersOfItsSignalGoByIt(int of)
    {
        var signal = (Signal)of;
        _destination.Respond = static payload => new(payload.Body.Span.IndexOf("bad"u8) >= 0 ? DeliveryStatus.Retryable : DeliveryStatus.Delivered);
        using var bench = Bench();
        bench.Add(LogPayload("bad") with { Signal = signal });
        await bench.FlushAsync();
        for (var i = 0; i < 20; i++)
        {
            bench.Add(LogPayload($"good {i}") with { Signal = signal });
            _time.Advance(TimeSpan.FromSeconds(10));
            await bench.FlushAsync();
        }

        Assert.Equal(20, bench.Ledger[(LedgerAccount)signal].Exported);

        // The back-off grows.
        Assert.InRange(_destination.Requests.Count(static request => request.Body.Span.IndexOf("bad"u8) >= 0), 2, 20);
    }

    [Fact]
    public async Task Deliver_MetricsFailed_AreSentInOrder()
    {
        using var bench = Bench();
        _destination.Answers.Enqueue(new(DeliveryStatus.Retryable));
        foreach (var text in new[] { "first", "second" })
        {
            bench.Add(LogPayload(text) with { Signal = Signal.Metrics });
            _time.Advance(TimeSpan.FromSeconds(1));
            await bench.DeliverAsync();
        }

        Assert.Equal(
            ["first", "first", "second"],
            _destination.Requests.Select(static request => Encoding.UTF8.GetString(request.Body.Span).Contains("first", StringComparison.Ordinal) ? "first" : "second"));
    }

    [Fact]
    public async Task Deliver_FourRequestsFailTogether_CountAsOneFailure()
    {
        var together = new TogetherDestination(4);
        using var bench = new DeliveryTestBench([together], new(MaxRequestBytes: 100), RetrySchedule.Default, _time);
        for (var i = 0; i < 4; i++)
            bench.Add(LogPayload($"{i}" + new string('x', 90)));
        await bench.DeliverAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
        var lane = bench.Outbox.Lanes.Single(static lane => lane.Signal == Signal.Logs);
        Assert.Equal((1, TimeSpan.FromMilliseconds(375)), (lane.Health.Failures, lane.Health.WaitFrom(_time.GetUtcNow(), isLastChance: false)));
    }

    [Fact]
    public async Task Deliver_OneSignalHangsInEveryRequestItMayHave_TheOthersArrive()
    {
        var together = new TogetherDestination(int.MaxValue, Signal.Traces);
        using var bench = new DeliveryTestBench([together], new(MaxRequestBytes: 100), null, _time);
        for (var i = 0; i < 10; i++)
            bench.Add(LogPayload(new string('x', 90)) with { Signal = Signal.Traces });
        bench.Add(LogPayload("log"));
        var drain = bench.DeliverAsync(DeliveryMode.Drain, 1000);
        bench.AssertLogs(exported: 1);
        Assert.Equal(RequestSlots.Shared, together.UnderWay);
        _time.Advance(TimeSpan.FromSeconds(1));
        await drain.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    private DeliveryTestBench Bench() => new([_destination], null, RetrySchedule.Default, _time);

    /// <summary>Fails requests of a signal once this many are in flight, and accepts others.</summary>
    private sealed class TogetherDestination(int requests, Signal signal = Signal.Logs) : IDestination
    {
        private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _currentWrite;

        public string Name => "together";

        public int UnderWay => Volatile.Read(ref _currentWrite);

        public bool Accepts(Signal signal) => true;

        public async ValueTask<DeliveryResult> DeliverAsync(OtlpPayload payload, CancellationToken cancellationToken)
        {
            if (payload.Signal != signal)
                return new(DeliveryStatus.Delivered);
            if (Interlocked.Increment(ref _currentWrite) == requests)
                _all.SetResult();
            await _all.Task.WaitAsync(cancellationToken);
            return new(DeliveryStatus.Retryable);
        }
    }
}
