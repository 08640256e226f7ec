using TelemetryExtension.Diagnostics;
using TelemetryExtension.Buffering;
using TelemetryExtension.Delivery;
using TelemetryExtension.Destinations;
using TelemetryExtension.Flushing;
using TelemetryExtension.Ingest.TelemetryApi;
using TelemetryExtension.Lifecycle;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Logs;
using TelemetryExtension.Processing.Resources;
using TelemetryExtension.Tests.DeadLetters;
using TelemetryExtension.Tests.Delivery;
using TelemetryExtension.Tests.Processing;

namespace TelemetryExtension.Tests.Lifecycle;

/// <summary>Runs alone because of the process's stdout: the last lines are part of the promise.</summary>
[Collection(nameof(AloneWithTheLog))]
public sealed class ShutdownTests : IDisposable
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LateEvents = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Reserve = TimeSpan.FromMilliseconds(350);

    private readonly ManualTimeProvider _time = new();
    private readonly InvocationSignals _signals = new();
    private readonly WaitingDestination _destination;
    private readonly DeliveryTestBench _bench;
    private readonly TelemetryEndpoint _endpoint;
    private readonly ScriptedTelemetry _telemetry;
    private readonly TelemetryCollector _collector;
    private readonly ScriptedDeadLetters _letters = new();
    private readonly Action<string> _output = Log.Output;
    private readonly List<string> _logged = [];
    private Action<OtlpPayload> _encode;

    public ShutdownTests()
    {
        _destination = new(_time);
        _bench = new([_destination], null, null, _time);
        _encode = _bench.Outbox.Add;
        var channel = new TelemetryChannel(new(64, 1 << 20), _bench.Ledger);
        _endpoint = new(new TelemetryBatchReader(channel, _signals, _bench.Ledger), _time, static () => false, static () => { });
        _telemetry = new(_endpoint);
        _collector = new(
            channel, new InvocationTracker("orders"), new EnvironmentResource(new(), new LambdaFacts("1", "orders", "1")),
            new LogEncoder(payload => _encode(payload), _time), null, _bench.Outbox, _bench.Ledger, _time, new(0, FollowSampling: false, PlatformLogs: false));
        Log.Output = line =>
        {
            lock (_logged)
                _logged.Add(line);
        };
    }

    [Fact]
    public async Task LateReport_NeverArrives_IsWaitedForBriefly()
    {
        _telemetry.LogLine();
        var run = Run("last");
        await _time.TimerAsync(LateEvents).WaitAsync(LoopUnderTest.Patience, Token);

        _time.Advance(LateEvents - Millisecond);
        Assert.Equal((false, false), (run.IsCompleted, _destination.HasMore));
        _time.Advance(Millisecond);

        await EndOfAsync(run);
        Assert.Equal(LateEvents, (await _destination.RequestAsync()).At);
    }

    [Fact]
    public async Task LateReport_Arrives_IsDeliveredWithoutFurtherWait()
    {
        var run = Run("last");
        await _time.TimerAsync(LateEvents).WaitAsync(LoopUnderTest.Patience, Token);
        _telemetry.LogLine();

        _telemetry.Report("last");

        await EndOfAsync(run);
        Assert.Equal(TimeSpan.Zero, (await _destination.RequestAsync()).At);
        Assert.Equal(1, _bench.LogsLine().Exported);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("last", false)]
    public async Task LateReport_NoInvocationOrNoTelemetry_IsNotWaitedFor(string? lastRequestId, bool hasTelemetry)
    {
        _telemetry.LogLine();

        await EndOfAsync(Run(lastRequestId, hasTelemetry));

        Assert.Equal(TimeSpan.Zero, (await _destination.RequestAsync()).At);
    }

    [Fact]
    public async Task BackendHangs_CutOffInTimeForTheDeadLetters()
    {
        _destination.Hangs = true;
        _telemetry.LogLine();
        var run = Run(null);
        var request = await _destination.RequestAsync();

        var budget = TimeSpan.FromSeconds(2) - Margin - Reserve;
        _time.Advance(budget - Millisecond);
        Assert.False(request.CutOff.IsCancellationRequested);
        Assert.Empty(_letters.Written);
        _time.Advance(Millisecond);

        await EndOfAsync(run);
        Assert.Single(_letters.Written);
        Assert.Equal((1, 0), (_bench.LogsLine().DeadLettered, _bench.LogsLine().Buffered));
    }

    [Theory]
    [InlineData("timeout", true)]
    [InlineData("failure", true)]
    [InlineData("spindown", false)]
    public async Task BackendHangs_AResetLeavesFilesAndTheEndLeavesDeadLetters(string reason, bool isReset)
    {
        _destination.Hangs = true;
        _telemetry.LogLine();
        var run = Run(null, reason: reason);
        await _destination.RequestAsync();
        _time.Advance(TimeSpan.FromSeconds(2) - Margin - Reserve);
        await EndOfAsync(run);

        var line = _bench.LogsLine();
        Assert.Equal(isReset ? (1, 0, 0) : (0, 1, 0), (line.Spooled, line.DeadLettered, line.Buffered));
        Assert.Equal(isReset ? 0 : 1, _letters.Written.Count);
        Assert.Equal(isReset, _logged.Exists(line => line.Contains("left 1 undelivered payloads in files", StringComparison.Ordinal)));
        Assert.Contains("ledger: ", LastLine(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoTimeButTheReserve_GoesStraightToTheDeadLetters()
    {
        _telemetry.LogLine();

        await EndOfAsync(Run(null, left: Margin + Reserve));

        Assert.False(_destination.HasMore);
        Assert.Single(_letters.Written);
    }

    [Fact]
    public async Task DeliveryThrows_DeadLettersAndLedgerAreReached()
    {
        // This stands for any exception that a bug might throw.
        var delivery = new Deliverer(_bench.Outbox, _time, static () => throw new InvalidOperationException("a bug"));
        _destination.Answer = new(DeliveryStatus.Retryable);
        _telemetry.LogLine();

        await EndOfAsync(Run(null, delivery: delivery));

        Assert.Single(_letters.Written);
        Assert.Contains(_logged, line => line.Contains("the shutdown failed: InvalidOperationException", StringComparison.Ordinal));
        Assert.Contains("logs received=1 exported=0 rejected=0 dead_lettered=1 spooled=0 buffered=0", LastLine(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task EncodingThrows_WhatWasEncodedBeforeIsDelivered()
    {
        _bench.Add(DeliveryTestBench.LogPayload("before"));
        _encode = static _ => throw new InvalidOperationException("a bug");
        _telemetry.LogLine();

        await EndOfAsync(Run(null));

        Assert.Contains("logs received=2 exported=1 rejected=0 dead_lettered=0", LastLine(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ledger_IsTheLastLineAndBalances()
    {
        _telemetry.LogLine();

        await EndOfAsync(Run(null));

        Assert.StartsWith("[telemetry-extension] ledger: ", LastLine(), StringComparison.Ordinal);
        Assert.Contains("logs received=1 exported=1 rejected=0 dead_lettered=0 spooled=0 buffered=0", LastLine(), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        Log.Output = _output;
        _collector.Dispose();
        _bench.Dispose();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Task Run(string? lastRequestId, bool hasTelemetry = true, TimeSpan? left = null, Deliverer? delivery = null, string reason = "spindown")
    {
        var shutdown = new Shutdown(
            _collector, delivery ?? _bench.Delivery, _letters, Reserve, _endpoint, _signals, _bench.Ledger, hasTelemetry, _time);
        var deadline = (_time.GetUtcNow() + (left ?? Deadline.LongestShutdown)).ToUnixTimeMilliseconds();
        return shutdown.RunAsync(new(reason, deadline), lastRequestId);
    }

    private static Task EndOfAsync(Task run) => run.WaitAsync(LoopUnderTest.Patience, Token);

    private string LastLine()
    {
        lock (_logged)
            return _logged[^1];
    }
}

/// <summary>A collection whose tests run alone.</summary>
[CollectionDefinition(nameof(AloneWithTheLog), DisableParallelization = true)]
public sealed class AloneWithTheLog;
