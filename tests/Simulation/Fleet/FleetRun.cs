using Simulation.Time;

namespace Simulation.Fleet;

/// <summary>Thousands of environments of one function against one backend, on one clock; everything follows from a seed.</summary>
internal sealed class FleetRun : IDisposable
{
    /// <summary>Of the backend's capacity.</summary>
    public const double Load = 0.7;

    private const int RecordsInInvocation = 10;
    private const double FlushesInSecond = 1 / 20.0;

    private readonly List<SimulatedEnvironment> _environments = [];

    /// <param name="startsWithin">All environments begin in this time.</param>
    public FleetRun(int seed, TimeSpan startsWithin, int environments = 10_000)
    {
        var random = new Random(seed);
        Curves = new(Clock);
        var gaps = Enumerable.Range(0, environments).Select(i => i % 50 == 0 ? 2 : 9 + (10 * random.NextDouble())).ToList();
        SteadyCost = (gaps.Sum(static gap => RecordsInInvocation / gap)) + (environments * FlushesInSecond * LimitedBackend.RequestCost);
        Capacity = SteadyCost / Load;
        Backend = new(Clock, Capacity, Curves);
        foreach (var gap in gaps)
        {
            // Every second environment is invoked as regularly as a clock.
            var spread = _environments.Count % 2 == 0 ? 0.0 : 0.4;
            var environment = new SimulatedEnvironment(
                Clock, Backend, Curves, random,
                () => TimeSpan.FromSeconds(gap * (1 - (spread / 2) + (spread * random.NextDouble()))),
                () => TimeSpan.FromMilliseconds(50 + random.Next(100)));
            environment.Start(startsWithin * random.NextDouble());
            _environments.Add(environment);
        }

        Tick();
    }

    public SimulatedClock Clock { get; } = new();

    public FleetCurves Curves { get; }

    public LimitedBackend Backend { get; }

    /// <summary>Of the backend: records a second.</summary>
    public double Capacity { get; }

    /// <summary>What the fleet costs the backend when nothing is wrong.</summary>
    public double SteadyCost { get; }

    public FleetRun Until(int second)
    {
        Clock.RunUntil(TimeSpan.FromSeconds(second));
        return this;
    }

    /// <summary>Runs until no more waits than usual, at most up to a second. Answers that second.</summary>
    /// <param name="steady">What usually waits, in records.</param>
    public int UntilRecovered(double steady, int atMost)
    {
        var second = Curves.Seconds;
        while (second < atMost && Curves.Outstanding > 1.1 * steady)
            Until(second += 5);
        return second;
    }

    /// <summary>The share of the capacity that went into what had not been taken before.</summary>
    public double Useful(int from, int to) => Curves.Sum(from, to, static second => second.Useful) / Capacity / (to - from);

    /// <summary>The share of the capacity that went into what had been taken before.</summary>
    public double Wasted(int from, int to) => Curves.Sum(from, to, static second => second.Wasted) / Capacity / (to - from);

    /// <summary>The mean of what waits, in records.</summary>
    public double Outstanding(int from, int to) => Curves.Sum(from, to, static second => second.Outstanding) / (to - from);

    /// <summary>How long an invocation waited for its flush, in milliseconds on average.</summary>
    public double HeldMs(int from, int to) =>
        Curves.Sum(from, to, static second => second.Held.TotalMilliseconds) / Curves.Sum(from, to, static second => second.Invocations);

    public void Dispose()
    {
        foreach (var environment in _environments)
            environment.Dispose();
    }

    private void Tick()
    {
        Curves.Tick();
        Clock.In(TimeSpan.FromSeconds(1), Tick);
    }
}
