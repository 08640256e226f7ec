using System.Globalization;
using System.Text;
using Simulation.Time;
using TelemetryExtension.Buffering;
using TelemetryExtension.Configuration;
using TelemetryExtension.Delivery;
using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Flushing;
using TelemetryExtension.Ingest.TelemetryApi;
using TelemetryExtension.Lambda.ExtensionsApi;
using TelemetryExtension.Lifecycle;
using TelemetryExtension.Outbox;
using TelemetryExtension.Processing;
using TelemetryExtension.Processing.Invocations;
using TelemetryExtension.Processing.Logs;
using TelemetryExtension.Processing.Resources;

namespace Simulation.Life;

/// <summary>One life of the extension: its loop and everything behind it, as it puts them together, on a clock that stands still in a freeze.</summary>
internal sealed class Generation : IDisposable
{
    private readonly TelemetryEndpoint _endpoint;
    private readonly TelemetryCollector _collector;
    private readonly PayloadOutbox _outbox;
    private readonly Queue<Action> _whenAwake = new();
    private ExtensionLoop? _loop;

    public Generation(SimulatedClock clock, IReadOnlyList<MoodyBackend> backends, MemoryFiles disk, LetterBox letters, FlushOptions flush, OutboxOptions options, Random random)
    {
        Clock = new(clock);
        Clock.Thaw();
        foreach (var backend in backends)
            backend.Serve(WhenAwake);
        var channel = new TelemetryChannel(new(1024, 1 << 20), Ledger);
        var signals = new InvocationSignals((id, failed) => _loop!.OnRuntimeDone(id, failed));
        _outbox = new([.. backends.Cast<IDestination>()], options, RetrySchedule.Default, Ledger, Clock, disk, static work => _ = Task.Run(work));
        var delivery = new Deliverer(_outbox, Clock, random.NextDouble);
        _collector = new(
            channel, new InvocationTracker("orders"), new EnvironmentResource(new(), new LambdaFacts("1", "orders", "1")), new LogEncoder(_outbox.Add, Clock), null,
            _outbox, Ledger, Clock, new(0, FollowSampling: false, PlatformLogs: false));
        _endpoint = new(new TelemetryBatchReader(channel, signals, Ledger), Clock, () => _collector.IsHalfUsed, _collector.Collect);
        var policy = new FlushPolicy(flush, Clock, random: random.NextDouble);
        var budget = new FlushBudget(flush.Budget);
        var flusher = new Flusher(_collector, delivery, letters, policy, budget, Ledger, Clock);
        var shutdown = new Shutdown(_collector, delivery, letters, TimeSpan.FromMilliseconds(350), _endpoint, signals, Ledger, hasTelemetry: true, Clock);
        _loop = new(Events, _collector, flusher, policy, budget, signals, null, shutdown, Clock);
        Events.SendNext();
        Run = _loop.RunAsync();
        _ = _outbox.RecoverAsync();
    }

    public EnvironmentClock Clock { get; }

    public EventQueue Events { get; } = new();

    public Ledger Ledger { get; } = new();

    /// <summary>Ends with SHUTDOWN.</summary>
    public Task<ExtensionEvent> Run { get; }

    public OutboxCounts Counts => _outbox.Counts;

    public void Thaw()
    {
        Clock.Thaw();
        while (_whenAwake.TryDequeue(out var action))
            action();
    }

    public void Line(int number) => Post("function", $"\"line {number.ToString(CultureInfo.InvariantCulture)}\"");

    public void RuntimeDone(string id, bool fails) => Post("platform.runtimeDone", $$"""{"requestId":"{{id}}","status":"{{(fails ? "failure" : "success")}}"}""");

    public void Report(string id) => Post("platform.report", $$"""{"requestId":"{{id}}","status":"success"}""");

    public void Dispose()
    {
        _collector.Dispose();
        _outbox.Dispose();
    }

    private void WhenAwake(Action action)
    {
        if (Clock.IsFrozen)
            _whenAwake.Enqueue(action);
        else
            action();
    }

    private void Post(string type, string record)
    {
        var bytes = Encoding.UTF8.GetBytes($$"""[{"time":"{{Clock.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ}}","type":"{{type}}","record":{{record}} }]""");
        var body = PooledBody.Rent(bytes.Length);
        bytes.CopyTo(body.Span);
        _endpoint.Read(body);
    }
}
