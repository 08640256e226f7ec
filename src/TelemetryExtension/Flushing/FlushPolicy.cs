using TelemetryExtension.Configuration;

namespace TelemetryExtension.Flushing;

/// <summary>
/// Decides when to flush, and does nothing itself. The first invocations, and those after a failed one, are flushed at their end. A failure, a full buffer
/// and a long invocation cause a flush at once. `adaptive` defers data only while the next invocations are expected soon enough to keep it fresher than the
/// staleness bound. That bound holds while the rhythm lasts: when invocations stop in a steady run, the last data waits for the next invocation or for
/// SHUTDOWN, which Lambda sends when it removes the idle environment. Thread-safe, because events end invocations while the loop decides.
/// </summary>
/// <param name="hasTelemetry">False when the subscription was refused. Then no runtimeDone arrives, and nothing waits for one.</param>
/// <param name="hasDestinations">False when no destination is configured. Records are then only counted, and no invocation waits for that.</param>
/// <param name="random">From 0 up to 1. Null: always 0.</param>
internal sealed class FlushPolicy(
    FlushOptions options, TimeProvider time, bool hasTelemetry = true, bool hasDestinations = true, Func<double>? random = null)
{
    /// <summary>
    /// The number of invocations that are always flushed at their end. Many environments see no more than these, and people look at them first.
    /// </summary>
    public const int FirstInvocations = 3;

    /// <summary>
    /// The number of gaps that deferred data may wait: until the next invocation; until the one after it, because the platform delivers the rest of an
    /// invocation only after the next has begun, possibly just after the flush; and one for safety.
    /// </summary>
    private const int Gaps = 3;

    /// <summary>Up to this share of an interval is left out at random, so that environments that started together do not flush together for ever.</summary>
    private const double Jitter = 0.3;

    private readonly Lock _gate = new();
    private readonly FreezeClock _clock = new(time);
    private readonly InvocationRhythm _rhythm = new(options.Staleness / Gaps, options.Staleness, options.Interval);
    private Invocation? _current;
    private Invocation? _previous;
    private string? _endedEarly;
    private int _invocations;
    private bool _failed;
    private bool _blind = !hasTelemetry;
    private bool _inFlight;
    private bool _dueInFlight;
    private bool _flushesAtEnd;
    private TimeSpan? _unflushedSince;
    private TimeSpan? _unflushedAfter;
    private TimeSpan _lastStart;
    private TimeSpan _interval = options.Interval;

    /// <summary>The interval of flushes during an invocation (<see cref="OnLongInvocation"/>).</summary>
    public TimeSpan LongInvocation => options.Interval;

    /// <summary>Whether a runtimeDone is worth waiting for.</summary>
    public bool ExpectsRuntimeDone
    {
        get
        {
            lock (_gate)
                return !_blind;
        }
    }

    /// <summary>Whether a background flush may still run when Next is called. Only where the user chose that.</summary>
    public bool MayOutliveNext => options.Strategy == FlushStrategy.Continuous;

    public FlushDecision OnInvoke(InvokeFacts facts)
    {
        lock (_gate)
        {
            var now = _clock.Now();
            _rhythm.Invoked(now);
            _invocations++;
            var age = now - _unflushedSince ?? TimeSpan.Zero;
            _previous = _current;
            _current = new(facts.RequestId, now, Ended: _endedEarly == facts.RequestId);
            _endedEarly = null;
            _unflushedSince ??= now;
            var decision = Decide(age, now - _lastStart, facts);
            _flushesAtEnd = (decision & FlushDecision.AfterInvocation) != 0;
            return decision;
        }
    }

    /// <summary>
    /// Records a runtimeDone for this invocation or an earlier one. Returns Background when the invocation failed and no flush follows anyway.
    /// </summary>
    public FlushDecision InvocationEnded(string requestId, InvocationStatus status)
    {
        lock (_gate)
        {
            _blind = false;
            return End(requestId, status);
        }
    }

    /// <summary>Records the report of an invocation without a runtimeDone (Managed Instances). It does not mean that the next invocation has one.</summary>
    public FlushDecision InvocationReported(string requestId, InvocationStatus status)
    {
        lock (_gate)
            return End(requestId, status);
    }

    /// <summary>
    /// Records that the wait for runtimeDone ended at the deadline although the environment still lives. Waiting again would cost every invocation its
    /// whole timeout, so flushes are at the start until a runtimeDone arrives.
    /// </summary>
    public void RuntimeDoneMissed()
    {
        lock (_gate)
            _blind = true;
    }

    /// <summary>
    /// Records that the buffer exceeded its threshold, which is reported once. The flush in flight may have missed the newest records, so another follows
    /// it.
    /// </summary>
    public FlushDecision OnThreshold()
    {
        lock (_gate)
            return BackgroundOrAfterThisOne();
    }

    /// <summary>
    /// Records a tick of the timer with period <see cref="LongInvocation"/>. A flush is due when an invocation is running, or where there are no INVOKE
    /// events (Managed Instances). A flush shortly after the last tick must not suppress this one, because then every second tick would be suppressed.
    /// </summary>
    public FlushDecision OnLongInvocation()
    {
        lock (_gate)
        {
            if (_current is { Ended: true } || _clock.Now() - _lastStart < options.Interval * 0.75)
                return FlushDecision.None;
            return BackgroundUnlessInFlight();
        }
    }

    /// <summary>Records that a flush collects what there is. <see cref="Flushed"/> must follow.</summary>
    public void FlushStarted()
    {
        lock (_gate)
        {
            _inFlight = true;
            _lastStart = _clock.Now();
            _interval = options.Interval * (1 - (Jitter * (random?.Invoke() ?? 0)));
            // An invocation that has not ended, as far as is known, has more data to come, which this flush does not cover.
            _unflushedAfter = _previous is { Ended: false } ? _previous.Start : _current is { Ended: false } ? _lastStart : null;
        }
    }

    /// <summary>Records the end of a flush. Returns Background when the flush may have missed something: a failure, or a buffer that filled up again.</summary>
    public FlushDecision Flushed(FlushOutcome outcome)
    {
        lock (_gate)
        {
            _inFlight = false;
            if (outcome == FlushOutcome.Complete)
                _unflushedSince = _unflushedAfter;
            if (!_dueInFlight)
                return FlushDecision.None;
            _dueInFlight = false;
            return FlushDecision.Background;
        }
    }

    private FlushDecision End(string requestId, InvocationStatus status)
    {
        _failed = status != InvocationStatus.Success;
        if (_current?.RequestId == requestId)
        {
            _current = _current with { Ended = true };
            if (_flushesAtEnd)
                return FlushDecision.None;
        }
        else if (_previous?.RequestId == requestId)
            _previous = _previous with { Ended = true };
        else
            _endedEarly = requestId;
        if (!_failed)
            return FlushDecision.None;
        return BackgroundOrAfterThisOne();
    }

    /// <param name="waiting">How long data of earlier invocations has waited, according to the flushes recorded here.</param>
    private FlushDecision Decide(TimeSpan waiting, TimeSpan sinceLastStart, InvokeFacts facts)
    {
        if (!hasDestinations)
            return facts.IsOverThreshold || IsDue(waiting, sinceLastStart) ? FlushDecision.AtStart : FlushDecision.None;
        var decision = EndsWithFlush ? FlushDecision.AfterInvocation : FlushDecision.None;
        // With a flush at the end, another at the start pays only for leftovers, not for the platform.report that came with this INVOKE.
        var age = EndsWithFlush || waiting > facts.OldestAge ? waiting : facts.OldestAge;
        if (facts.IsOverThreshold || IsDue(age, sinceLastStart))
            decision |= FlushDecision.AtStart;
        if (decision == FlushDecision.None)
            return decision;
        if (!facts.HasResponsiveDestination || (options.Strategy == FlushStrategy.Continuous && !EndsWithFlush))
            return BackgroundUnlessInFlight();
        return _blind ? FlushDecision.AtStart : decision;
    }

    private bool EndsWithFlush => options.Strategy == FlushStrategy.End
        || _invocations <= FirstInvocations
        || _failed
        || (options.Strategy == FlushStrategy.Adaptive && !_rhythm.IsSteady);

    /// <summary>Waiting payloads are retried once per interval, so that a dead backend does not cost every invocation an attempt.</summary>
    private bool IsDue(TimeSpan age, TimeSpan sinceLastStart)
    {
        if (age <= TimeSpan.Zero)
            return false;
        if (sinceLastStart >= _interval)
            return true;
        return options.Strategy == FlushStrategy.Adaptive
            && age + (Gaps * _rhythm.ExpectedGap) >= options.Staleness
            && sinceLastStart >= options.Staleness / Gaps;
    }

    private FlushDecision BackgroundOrAfterThisOne()
    {
        _dueInFlight |= _inFlight;
        return BackgroundUnlessInFlight();
    }

    private FlushDecision BackgroundUnlessInFlight() => _inFlight ? FlushDecision.None : FlushDecision.Background;

    private sealed record Invocation(string RequestId, TimeSpan Start, bool Ended = false);
}
