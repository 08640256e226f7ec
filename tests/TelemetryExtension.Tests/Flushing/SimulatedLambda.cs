using System.Globalization;
using TelemetryExtension.Configuration;
using TelemetryExtension.Flushing;

namespace TelemetryExtension.Tests.Flushing;

/// <param name="Gap">Frozen time before this invocation.</param>
internal readonly record struct SimulatedInvocation(TimeSpan Gap, TimeSpan Duration, bool Fails = false)
{
    public static IEnumerable<SimulatedInvocation> Every(double seconds, int count, double duration = 0.02) =>
        Enumerable.Repeat(new SimulatedInvocation(TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(duration)), count);
}

/// <summary>
/// One environment that follows the policy, in the worst case: when Next follows at once, the platform keeps all data of an invocation until shortly after
/// the next INVOKE, so that a flush at that start misses it.
/// </summary>
internal sealed class SimulatedLambda(FlushOptions options, bool clockStopsInFreeze = true)
{
    private readonly ManualTimeProvider _time = new();
    private readonly List<(string Id, DateTimeOffset End)> _withPlatform = [];
    private readonly List<(string Id, DateTimeOffset End)> _buffered = [];
    private readonly HashSet<string> _failed = [];
    private FlushPolicy? _policy;

    public FlushOutcome Backend { get; set; } = FlushOutcome.Complete;

    public List<FlushDecision> Decisions { get; } = [];

    /// <summary>The age of each invocation's data at its flush.</summary>
    public List<TimeSpan> Ages { get; } = [];

    public int Flushes { get; private set; }

    /// <summary>The number of invocations that waited for their flush.</summary>
    public int Delayed => Decisions.Count(decision => (decision & FlushDecision.AfterInvocation) != 0);

    public int Unflushed => _withPlatform.Count + _buffered.Count;

    public SimulatedLambda Run(IEnumerable<SimulatedInvocation> invocations)
    {
        _policy ??= new(options, _time);
        foreach (var invocation in invocations)
        {
            Freeze(invocation.Gap);
            Invoke(invocation);
        }

        return this;
    }

    /// <summary>Lambda removes the environment after this time. The platform delivers the rest, and the shutdown flushes all of it.</summary>
    public void ShutDown(TimeSpan idle)
    {
        Freeze(idle);
        foreach (var late in _withPlatform)
            Arrive(late);
        _withPlatform.Clear();
        Flush();
    }

    private void Invoke(SimulatedInvocation invocation)
    {
        var id = Decisions.Count.ToString(CultureInfo.InvariantCulture);
        var end = _time.GetUtcNow() + invocation.Duration;
        var oldest = _buffered.Count == 0 ? TimeSpan.Zero : _time.GetUtcNow() - _buffered[0].End;
        var decision = _policy!.OnInvoke(new(id, oldest, IsOverThreshold: false));
        Decisions.Add(decision);
        if ((decision & (FlushDecision.AtStart | FlushDecision.Background)) != 0)
            Flush();

        foreach (var late in _withPlatform)
            Arrive(late);
        _withPlatform.Clear();
        if (invocation.Fails)
            _failed.Add(id);
        if ((decision & FlushDecision.AfterInvocation) != 0)
        {
            Handle(invocation.Duration);
            Arrive((id, end));
            Flush();
        }
        else
        {
            Handle(invocation.Duration);
            _withPlatform.Add((id, end));
        }
    }

    private void Handle(TimeSpan left)
    {
        for (; left >= _policy!.LongInvocation; left -= _policy.LongInvocation)
        {
            _time.Advance(_policy.LongInvocation);
            if (_policy.OnLongInvocation() == FlushDecision.Background)
                Flush();
        }

        _time.Advance(left);
    }

    private void Arrive((string Id, DateTimeOffset End) ended)
    {
        _buffered.Add(ended);
        var decision = _policy!.InvocationEnded(ended.Id, _failed.Contains(ended.Id) ? InvocationStatus.Failed : InvocationStatus.Success);
        if (decision == FlushDecision.Background)
            Flush();
    }

    private void Flush()
    {
        Flushes++;
        _policy!.FlushStarted();
        _policy.Flushed(Backend);
        if (Backend != FlushOutcome.Complete)
            return;
        var now = _time.GetUtcNow();
        Ages.AddRange(_buffered.Select(data => now > data.End ? now - data.End : TimeSpan.Zero));
        _buffered.Clear();
    }

    private void Freeze(TimeSpan gap)
    {
        if (clockStopsInFreeze)
            _time.JumpWallClock(gap);
        else
            _time.Advance(gap);
    }
}
