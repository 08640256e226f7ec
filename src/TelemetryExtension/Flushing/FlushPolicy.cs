using TelemetryExtension.Configuration;

namespace TelemetryExtension.Flushing;

/// <summary>
/// Decides when to flush; does nothing itself. What it promises:
/// the first invocations and those after a failed one are flushed at their end; a failure, a threshold and a long invocation flush
/// at once; `adaptive` leaves data waiting only while the next invocations are expected soon enough to keep it fresher than the
/// staleness bound. That bound holds as long as the rhythm does: when invocations stop in a steady run, the last data
/// waits for the next invocation or for SHUTDOWN (which Lambda sends when it takes the idle environment away).
/// Thread-safe: events end invocations while the loop asks.
/// </summary>
/// <param name="hasTelemetry">False when the subscription was refused: then no runtimeDone comes, and nothing waits for one.</param>
/// <param name="hasDestinations">False when there is nowhere to send anything: then it is only counted, and no invocation waits for that.</param>
internal sealed class FlushPolicy(FlushOptions options, TimeProvider time, bool hasTelemetry = true, bool hasDestinations = true)
{
    /// <summary>Always flushed at their end: many environments see no more than these, and people look at them first.</summary>
    public const int FirstInvocations = 3;

    /// <summary>
    /// How many gaps data may have to wait when deferred: until the next invocation, until the one after that (the platform hands over
    /// the rest of an invocation only once the next has begun, maybe just after the flush), and one for safety.
    /// </summary>
    private const int Gaps = 3;

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

    /// <summary>While an invocation runs, flush this often (<see cref="OnLongInvocation"/>).</summary>
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

    /// <summary>Whether a flush in the background may still run when Next is called: only where the user asked for that.</summary>
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

    /// <summary>A runtimeDone came, for this invocation or an earlier one. Background when a failure is to be flushed at once and no flush follows anyway.</summary>
    public FlushDecision InvocationEnded(string requestId, InvocationStatus status)
    {
        lock (_gate)
        {
            _blind = false;
            return End(requestId, status);
        }
    }

    /// <summary>The report of an invocation that had no runtimeDone, on Managed Instances. It does not promise that the next one has any.</summary>
    public FlushDecision InvocationReported(string requestId, InvocationStatus status)
    {
        lock (_gate)
            return End(requestId, status);
    }

    /// <summary>
    /// The wait for runtimeDone ended at the deadline and yet the environment lives: waiting again would cost every invocation its
    /// whole timeout. Until one is seen, flushes are at the start instead.
    /// </summary>
    public void RuntimeDoneMissed()
    {
        lock (_gate)
            _blind = true;
    }

    /// <summary>The buffer came over its threshold, which is told once: during a flush, which may have taken what there was before, another is due after it.</summary>
    public FlushDecision OnThreshold()
    {
        lock (_gate)
            return BackgroundOrAfterThisOne();
    }

    /// <summary>
    /// A timer of period <see cref="LongInvocation"/> fired: a flush in the middle is due when an invocation is running, or where there are no INVOKE
    /// events at all (Managed Instances). A flush just after the last tick is no reason to skip this one, or every second would be skipped.
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

    /// <summary>To be called when a flush takes what there is; followed by <see cref="Flushed"/>.</summary>
    public void FlushStarted()
    {
        lock (_gate)
        {
            _inFlight = true;
            _lastStart = _clock.Now();
            // Whoever has not ended, as far as we know, has data still to come: the flush does not cover it.
            _unflushedAfter = _previous is { Ended: false } ? _previous.Start : _current is { Ended: false } ? _lastStart : null;
        }
    }

    /// <summary>Background when something happened while the flush was in flight that it may have missed: a failure, or a buffer that filled up again.</summary>
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

    /// <param name="waiting">How long data of earlier invocations has been waiting, as far as flushes were told to us.</param>
    private FlushDecision Decide(TimeSpan waiting, TimeSpan sinceLastStart, InvokeFacts facts)
    {
        if (!hasDestinations)
            return FlushDecision.AtStart;
        var decision = EndsWithFlush ? FlushDecision.AfterInvocation : FlushDecision.None;
        // With a flush at the end, only leftovers are worth another at the start; not the platform.report that came with this INVOKE.
        var age = EndsWithFlush || waiting > facts.OldestAge ? waiting : facts.OldestAge;
        if (facts.IsOverThreshold || IsDue(age, sinceLastStart))
            decision |= FlushDecision.AtStart;
        if (decision == FlushDecision.None)
            return decision;
        if (!facts.AnyoneAnswers || (options.Strategy == FlushStrategy.Continuous && !EndsWithFlush))
            return BackgroundUnlessInFlight();
        return _blind ? FlushDecision.AtStart : decision;
    }

    private bool EndsWithFlush => options.Strategy == FlushStrategy.End
        || _invocations <= FirstInvocations
        || _failed
        || (options.Strategy == FlushStrategy.Adaptive && !_rhythm.IsSteady);

    /// <summary>What waits is tried once an interval, so that a dead backend does not cost every invocation an attempt.</summary>
    private bool IsDue(TimeSpan age, TimeSpan sinceLastStart)
    {
        if (age <= TimeSpan.Zero)
            return false;
        if (sinceLastStart >= options.Interval)
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
