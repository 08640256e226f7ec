using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Flushing;

/// <summary>A strategy's results for a recorded rhythm, over all environments.</summary>
internal sealed class RhythmRun
{
    /// <summary>The time from the last invocation to SHUTDOWN.</summary>
    public static readonly TimeSpan IdleLife = TimeSpan.FromMinutes(6);

    private readonly TimeSpan _staleness;

    public RhythmRun(string rhythm, FlushOptions options)
    {
        _staleness = options.Staleness;
        var invocations = RecordedRhythm.Load(rhythm);
        var recorded = invocations.Max(invocation => invocation.End);
        Environments = [.. new EnvironmentPool(IdleLife).Spread(invocations).Select(life => Run(life, recorded, options))];
        Ages = [.. Environments.SelectMany(environment => environment.Ages).Order()];
    }

    public IReadOnlyList<SimulatedLambda> Environments { get; }

    /// <summary>The age of each invocation's data at its flush, in order.</summary>
    public IReadOnlyList<TimeSpan> Ages { get; }

    public int Invocations => Environments.Sum(environment => environment.Decisions.Count);

    /// <summary>Data that waits in environments that still live at the end of the recording, for an unknown time.</summary>
    public int Left => Environments.Sum(environment => environment.Unflushed);

    public TimeSpan MedianAge => Ages[Ages.Count / 2];

    public TimeSpan MaxAge => Ages[^1];

    /// <summary>The fraction of invocations that waited for a flush at their end.</summary>
    public double DelayedShare => Environments.Sum(environment => environment.Delayed) / (double)Invocations;

    /// <summary>The fraction of invocations whose data exceeded the staleness bound.</summary>
    public double StaleShare => Ages.Count(age => age > _staleness) / (double)Invocations;

    private static SimulatedLambda Run(IReadOnlyList<RecordedInvocation> life, TimeSpan recorded, FlushOptions options)
    {
        var lambda = new SimulatedLambda(options);
        var idleSince = life[0].Start;
        foreach (var invocation in life)
        {
            lambda.Run([new(invocation.Start - idleSince, invocation.Duration)]);
            idleSince = invocation.End;
        }

        if (idleSince + IdleLife <= recorded)
            lambda.ShutDown(IdleLife);
        return lambda;
    }
}
