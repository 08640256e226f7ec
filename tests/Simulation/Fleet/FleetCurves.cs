using Simulation.Time;

namespace Simulation.Fleet;

/// <summary>What a run of the fleet looked like, by the second.</summary>
internal sealed class FleetCurves(SimulatedClock clock)
{
    private readonly List<Second> _seconds = [];
    private readonly List<(TimeSpan Created, TimeSpan Age)> _arrivals = [];

    /// <summary>Records that were logged and have not arrived yet.</summary>
    public long Outstanding { get; private set; }

    public int Seconds => _seconds.Count;

    public Second this[int second] => _seconds[second];

    public void Requested() => Now.Requests++;

    public void Refused() => Now.Refused++;

    public void Logged(int records) => Outstanding += records;

    /// <summary>An invocation waited for its flush.</summary>
    public void Held(TimeSpan time)
    {
        var now = Now;
        now.Invocations++;
        now.Held += time;
    }

    /// <param name="records">That had not arrived before.</param>
    /// <param name="useful">What these cost the backend, of <paramref name="cost"/>.</param>
    public void Took(int records, double useful, double cost)
    {
        Outstanding -= records;
        var now = Now;
        now.Useful += useful;
        now.Wasted += cost - useful;
    }

    public void Arrived(TimeSpan created) => _arrivals.Add((created, clock.Now - created));

    /// <summary>Sums of a value from one second up to another.</summary>
    public double Sum(int from, int to, Func<Second, double> value) => _seconds.Take(from..Math.Min(to, _seconds.Count)).Sum(value);

    /// <summary>The most of a value in one second, as a multiple of its mean.</summary>
    public double PeakToMean(int from, int to, Func<Second, double> value) =>
        _seconds.Take(from..to).Max(value) / (Sum(from, to, value) / (to - from));

    /// <summary>How old what was collected in a time was on arrival: the age that a share of it kept below.</summary>
    public TimeSpan AgeAt(double share, TimeSpan from, TimeSpan to)
    {
        var ages = _arrivals.Where(arrival => arrival.Created >= from && arrival.Created < to).Select(static arrival => arrival.Age).Order().ToList();
        return ages.Count == 0 ? TimeSpan.Zero : ages[(int)(share * (ages.Count - 1))];
    }

    /// <summary>To be called once a second.</summary>
    public void Tick() => Now.Outstanding = Outstanding;

    private Second Now
    {
        get
        {
            while (_seconds.Count <= (int)clock.Now.TotalSeconds)
                _seconds.Add(new());
            return _seconds[^1];
        }
    }

    internal sealed class Second
    {
        public int Requests { get; set; }

        public int Refused { get; set; }

        public int Invocations { get; set; }

        public TimeSpan Held { get; set; }

        /// <summary>Work of the backend, in records, for what it had not got before.</summary>
        public double Useful { get; set; }

        public double Wasted { get; set; }

        public long Outstanding { get; set; }
    }
}
