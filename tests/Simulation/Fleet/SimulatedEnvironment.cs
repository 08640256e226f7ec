using System.Globalization;
using Simulation.Time;
using TelemetryExtension.Configuration;
using TelemetryExtension.Delivery;
using TelemetryExtension.Destinations;
using TelemetryExtension.Diagnostics.Accounting;
using TelemetryExtension.Flushing;
using TelemetryExtension.Otlp;
using TelemetryExtension.Outbox;

namespace Simulation.Fleet;

/// <summary>
/// One execution environment: the extension's own flush policy, budget, outbox and delivery, driven by invocations as the loop drives them. Everything
/// runs on the fleet's thread.
/// </summary>
internal sealed class SimulatedEnvironment : IDestination, IDisposable
{
    private const int RecordsInInvocation = 10;

    private static readonly FlushOptions Options = new(FlushStrategy.Adaptive, TimeSpan.FromSeconds(20), TimeSpan.FromMilliseconds(300), TimeSpan.FromSeconds(60));
    private static readonly TimeSpan BackgroundBudget = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FunctionTimeout = TimeSpan.FromSeconds(30);

    private readonly SimulatedClock _fleet;
    private readonly LimitedBackend _backend;
    private readonly FleetCurves _curves;
    private readonly EnvironmentClock _clock;
    private readonly Func<TimeSpan> _gap;
    private readonly Func<TimeSpan> _duration;
    private readonly PayloadOutbox _outbox;
    private readonly Deliverer _delivery;
    private readonly FlushPolicy _policy;
    private readonly FlushBudget _budget = new(Options.Budget);
    private readonly Ledger _ledger = new();
    private readonly List<TimeSpan?> _chunks = [];
    private readonly Queue<Action> _whenAwake = new();
    private readonly Action _invoke;
    private readonly Action _handled;
    private FlushDecision _decision;
    private CancellationTokenSource? _cutOff;
    private Task _beside = Task.CompletedTask;
    private int _invocations;
    private int _collected;
    private TimeSpan _oldest;
    private bool _isLate;
    private bool _isSilent;
    private TimeSpan _invokedAt;

    /// <param name="gap">From the start of one invocation to that of the next.</param>
    public SimulatedEnvironment(SimulatedClock fleet, LimitedBackend backend, FleetCurves curves, Random random, Func<TimeSpan> gap, Func<TimeSpan> duration)
    {
        (_fleet, _backend, _curves, _gap, _duration) = (fleet, backend, curves, gap, duration);
        _clock = new(fleet);
        // A request of the usual limit holds what 256 invocations log.
        var options = new OutboxOptions(MaxRequestBytes: 256 * Chunk.Bytes, MaxAge: TimeSpan.FromHours(6), SpoolMaxBytes: 0);
        _outbox = new([this], options, RetrySchedule.Default, _ledger, _clock, new MemoryFiles(), static work => work());
        _delivery = new(_outbox, _clock, random.NextDouble);
        _policy = new(Options, _clock, random: random.NextDouble);
        (_invoke, _handled) = (Invoke, () => _ = EndAsync());
    }

    public string Name => "collector";

    public bool Accepts(Signal signal) => signal == Signal.Logs;

    public ValueTask<DeliveryResult> DeliverAsync(OtlpPayload payload, CancellationToken cancellationToken)
    {
        var request = new SimulatedRequest(this, payload, cancellationToken);
        _backend.Request(request);
        return new(request.Task);
    }

    public void Start(TimeSpan after) => _fleet.In(after, _invoke);

    public void WhenAwake(Action action)
    {
        if (_clock.IsFrozen)
            _whenAwake.Enqueue(action);
        else
            action();
    }

    /// <summary>False when the backend has that chunk already.</summary>
    public bool TryTake(int number)
    {
        if (_chunks[number] is not { } created)
            return false;
        _chunks[number] = null;
        _curves.Arrived(created);
        return true;
    }

    public void Dispose()
    {
        // The delivery would dispose its destinations, of which this is one.
        _outbox.Dispose();
    }

    private void Invoke()
    {
        _invokedAt = _fleet.Now;
        _clock.Thaw();
        while (_whenAwake.TryDequeue(out var action))
            action();
        var id = Id(++_invocations);
        _decision = _policy.OnInvoke(new(id, _collected == 0 ? TimeSpan.Zero : _fleet.Now - _oldest, IsOverThreshold: false, _delivery.HasResponsiveDestination));
        if (_decision.HasFlag(FlushDecision.AtStart) || _decision.HasFlag(FlushDecision.Background))
        {
            _cutOff = new();
            _beside = FlushAsync(BackgroundBudget, measured: false, _cutOff.Token);
        }

        // The platform hands over the rest of an invocation when the next one has begun.
        if (_isLate)
            Arrive(_invocations - 1);
        _fleet.In(_duration(), _handled);
    }

    private async Task EndAsync()
    {
        var done = _fleet.Now;
        _curves.Logged(RecordsInInvocation);
        _isLate = !_decision.HasFlag(FlushDecision.AfterInvocation);
        if (!_isLate)
            Arrive(_invocations);
        var deadline = Deadline.OfInvoke((_fleet.UtcNow + FunctionTimeout).ToUnixTimeMilliseconds(), TimeSpan.Zero, _clock);
        var limit = _budget.AfterRuntimeDone(deadline);
        if (!_beside.IsCompleted)
        {
            using var timer = _clock.CreateTimer(_ => _cutOff!.Cancel(), null, _isLate ? limit : limit / 2, Timeout.InfiniteTimeSpan);
            await _beside;
        }

        _cutOff?.Dispose();
        _cutOff = null;
        if (!_isLate && limit > _fleet.Now - done)
            await FlushAsync(limit - (_fleet.Now - done), measured: _fleet.Now == done, CancellationToken.None);
        _curves.Held(_fleet.Now - done);
        _clock.Freeze();
        var next = _gap() - (_fleet.Now - _invokedAt);
        _fleet.In(next, _invoke);
    }

    private void Arrive(int invocation)
    {
        if (_collected == 0)
            _oldest = _fleet.Now;
        _collected += RecordsInInvocation;
        _policy.InvocationEnded(Id(invocation), InvocationStatus.Success);
    }

    private async Task FlushAsync(TimeSpan limit, bool measured, CancellationToken cancellationToken)
    {
        var started = _fleet.Now;
        _policy.FlushStarted();
        Collect();
        var summary = await _delivery.DeliverAsync(DeliveryMode.Once, limit, cancellationToken);
        var outcome = summary.LeftPayloads == 0 ? FlushOutcome.Complete
            : summary.WasCutOff ? FlushOutcome.CutOff
            : summary.HealthyAreDone ? FlushOutcome.Complete
            : FlushOutcome.Incomplete;
        if (measured && outcome == FlushOutcome.Complete && summary.HasDelivered)
            _budget.Finished(_fleet.Now - started, nothingWaits: summary.LeftPayloads == 0);
        else if (measured && outcome == FlushOutcome.CutOff)
            _budget.CutOff();
        _policy.Flushed(outcome);
        if (_delivery.HasSilentWork && !_isSilent)
            _ = DeliverSilentlyAsync();
    }

    private async Task DeliverSilentlyAsync()
    {
        _isSilent = true;
        await _delivery.DeliverAsync(DeliveryMode.Silent, BackgroundBudget, CancellationToken.None);
        _isSilent = false;
    }

    private void Collect()
    {
        if (_collected == 0)
            return;
        var chunk = new Chunk(_chunks.Count, _collected);
        _chunks.Add(_oldest);
        _collected = 0;
        _ledger.Received(LedgerAccount.Logs, chunk.Records);
        _outbox.Add(new(Signal.Logs, chunk.ToBytes(), chunk.Records, _fleet.UtcNow));
    }

    private static string Id(int invocation) => invocation.ToString(CultureInfo.InvariantCulture);
}
