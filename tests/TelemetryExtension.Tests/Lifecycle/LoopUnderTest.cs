using TelemetryExtension.Buffering;
using TelemetryExtension.Configuration;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Flushing;
using TelemetryExtension.Ingest.OtlpReceiver;
using TelemetryExtension.Ingest.TelemetryApi;
using TelemetryExtension.Lambda.ExtensionsApi;
using TelemetryExtension.Lifecycle;
using TelemetryExtension.Otlp;
using TelemetryExtension.Processing;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Logs;
using TelemetryExtension.Processing.Resources;
using TelemetryExtension.Tests.Configuration;
using TelemetryExtension.Tests.Delivery;
using TelemetryExtension.Tests.Outbox;
using TelemetryExtension.Tests.Processing;

namespace TelemetryExtension.Tests.Lifecycle;

/// <summary>
/// The loop and everything behind it, composed as in the extension, between a scripted Lambda and a scripted backend, with a clock that the test moves.
/// </summary>
internal sealed class LoopUnderTest : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>The rest of a deadline after the loop's margin for the flush and Next.</summary>
    public static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(250);

    private readonly RuntimeApiConnection _connection;
    private readonly DeliveryTestBench _bench;
    private readonly InvocationSignals _signals;
    private readonly TelemetryCollector _collector;
    private readonly ExtensionLoop _loop;

    public LoopUnderTest(Env? flush = null, bool hasTelemetry = true, Func<TimeProvider, TimeProvider>? loopTime = null, OutboxOptions? outbox = null, HangingFiles? disk = null)
    {
        Api = new(Time);
        Destination = new(Time);
        Encode = payload => _bench!.Outbox.Add(payload);
        _bench = new([Destination], outbox, null, Time, disk, disk is null ? null : disk.Start);
        var ledger = _bench.Ledger;
        var channel = new TelemetryChannel(new(4096, 8 << 20), ledger);
        _signals = new((id, failed) => _loop!.OnRuntimeDone(id, failed), (id, failed) => _loop!.OnReportedOnly(id, failed));
        var endpoint = new TelemetryEndpoint(new TelemetryBatchReader(channel, _signals, ledger), Time, static () => false, static () => { });
        Telemetry = new(endpoint);
        _collector = new(
            channel, new InvocationTracker("orders"), new EnvironmentResource(new(), new LambdaFacts("1", "orders", "1")),
            new LogEncoder(payload => Encode(payload), Time), null, _bench.Outbox, ledger, Time, new(0, FollowSampling: false, PlatformLogs: false));
        Intake = new(ReceiverOptions.From(new Env().Read(), 64 << 20), channel, ledger, Time);
        var options = FlushOptions.From((flush ?? []).Read());
        var policy = new FlushPolicy(options, Time, hasTelemetry);
        var budget = new FlushBudget(options.Budget);
        var flusher = new Flusher(_collector, _bench.Delivery, Letters, policy, budget, ledger, Time);
        var shutdown = new Shutdown(_collector, _bench.Delivery, Letters, TimeSpan.Zero, endpoint, _signals, ledger, hasTelemetry, Time);
        _connection = new(Api.Address);
        var extensions = new ExtensionsApiClient(_connection, Time);
        _loop = new ExtensionLoop(extensions, _collector, flusher, policy, budget, _signals, Intake, shutdown, loopTime?.Invoke(Time) ?? Time);
        extensions.SendNext();
        Run = _loop.RunAsync();
    }

    public ManualTimeProvider Time { get; } = new();

    public ScriptedExtensionsApi Api { get; }

    public WaitingDestination Destination { get; }

    public ScriptedTelemetry Telemetry { get; }

    public ScriptedDeadLetters Letters { get; } = new();

    public OtlpIntake Intake { get; }

    /// <summary>Receives encoded logs. The default is the outbox.</summary>
    public Action<OtlpPayload> Encode { get; set; }

    /// <summary>The loop, which ends with SHUTDOWN.</summary>
    public Task<ExtensionEvent> Run { get; }

    public Ledger Ledger => _bench.Ledger;

    public bool HasResponsiveDestination => _bench.Delivery.HasResponsiveDestination;

    /// <summary>Lambda answers Next.</summary>
    /// <param name="timeout">The function's timeout, before which the loop must be done.</param>
    public void Invoke(string id, TimeSpan? timeout = null) => Api.Answer(
        $$"""{"eventType":"INVOKE","deadlineMs":{{DeadlineMs(timeout ?? TimeSpan.FromMinutes(10))}},"requestId":"{{id}}","invokedFunctionArn":"arn"}""");

    public void ShutDown() =>
        Api.Answer($$"""{"eventType":"SHUTDOWN","shutdownReason":"spindown","deadlineMs":{{DeadlineMs(TimeSpan.FromSeconds(2))}}}""");

    /// <summary>Runs a whole invocation with one line that is flushed at its end, until Next is called again.</summary>
    public async Task InvokeAndFlushAsync(string id)
    {
        Invoke(id);
        Telemetry.LogLine();
        Telemetry.RuntimeDone(id);
        await Destination.RequestAsync();
        await Api.NextAsync();
    }

    /// <summary>Runs the first Next and the invocations that every strategy flushes at their end.</summary>
    public async Task PassFirstInvocationsAsync()
    {
        await Api.NextAsync();
        for (var i = 0; i < FlushPolicy.FirstInvocations; i++)
            await InvokeAndFlushAsync("first-" + i);
    }

    /// <summary>Returns when the loop has set a timer that is due in exactly this time from now.</summary>
    public Task WaitingUntilAsync(TimeSpan dueIn) => Time.TimerAsync(dueIn).WaitAsync(Patience, TestContext.Current.CancellationToken);

    /// <summary>Advances the clock by a step whenever a timer is due within it, until a task ends.</summary>
    public async Task PassUntilAsync(Task end, TimeSpan step)
    {
        while (await Task.WhenAny(end, Time.TimerWithinAsync(step)).WaitAsync(Patience, TestContext.Current.CancellationToken) != end)
            Time.Advance(step);
        await end;
    }

    /// <summary>Acts as if the buffer exceeded its threshold.</summary>
    public void OverThreshold() => _loop.OnOverThreshold();

    public void Dispose()
    {
        _connection.Dispose();
        Api.Dispose();
        _collector.Dispose();
        _bench.Dispose();
    }

    private long DeadlineMs(TimeSpan left) => (Time.GetUtcNow() + left).ToUnixTimeMilliseconds();
}
