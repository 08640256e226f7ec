using TelemetryExtension.Configuration;

namespace TelemetryExtension.Tests.Flushing;

/// <summary>What a strategy made of a recorded rhythm, over all environments and their whole lives.</summary>
internal sealed class RhythmRun
{
    /// <summary>From the last invocation to SHUTDOWN.</summary>
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

    /// <summary>How old each invocation's data was when it went out, in order.</summary>
    public IReadOnlyList<TimeSpan> Ages { get; }

    public int Invocations => Environments.Sum(environment => environment.Decisions.Count);

    /// <summary>What waits in environments that live when the recording ends: nobody knows for how long.</summary>
    public int Left => Environments.Sum(environment => environment.Unflushed);

    public TimeSpan MedianAge => Ages[Ages.Count / 2];

    public TimeSpan MaxAge => Ages[^1];

    /// <summary>Of the invocations: those that waited for a flush at their end.</summary>
    public double DelayedShare => Environments.Sum(environment => environment.Delayed) / (double)Invocations;

    /// <summary>Of the invocations: those whose data became older than the bound.</summary>
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
