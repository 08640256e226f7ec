namespace TelemetryExtension.Flushing;

/// <summary>
/// Judges from the gaps between invocations whether the next one will come soon enough to leave data waiting for it. Nobody can know
/// that a burst is over; so a rhythm must prove itself by a number of short gaps in a row. How many is learned: for each of
/// 5, 20, 80, 320 it is kept what would have come of it, whether or not that proof is the one in use. The least one that pays is used: the
/// invocations that need not wait for their flush have to be twenty times those whose data gets older than the bound.
/// When none pays it is the longest.
/// </summary>
/// <param name="longGap">A gap as long as this is not to be bridged.</param>
/// <param name="staleness">Data that waits longer has become too old.</param>
/// <param name="interval">Deferred data is flushed this often while invocations come.</param>
internal sealed class InvocationRhythm(TimeSpan longGap, TimeSpan staleness, TimeSpan interval)
{
    public const int FirstProof = 5;
    private const int Remembered = 20;
    private const double StaleForDeferred = 1.0 / 20;

    /// <summary>Fading by this with each invocation remembers about the last thousand.</summary>
    private const double Fading = 0.999;

    private readonly TimeSpan[] _gaps = new TimeSpan[Remembered];
    private readonly Trial[] _trials = [new(FirstProof), new(20), new(80), new(320)];
    private TimeSpan? _last;
    private int _run;

    // Of somebody who always defers: when they last flushed, and what waits since.
    private TimeSpan _flushed;
    private int _waiting;

    /// <summary>Enough short gaps in a row, and the last one among them.</summary>
    public bool IsSteady => _run >= Proof;

    /// <summary>The longest gap to expect, judging from the last ones; meaningful while steady.</summary>
    public TimeSpan ExpectedGap
    {
        get
        {
            var longest = TimeSpan.Zero;
            for (var i = 0; i < Math.Min(_run, Remembered); i++)
            {
                var gap = _gaps[(_run - 1 - i) % Remembered];
                if (gap > longest)
                    longest = gap;
            }

            return longest;
        }
    }

    private int Proof
    {
        get
        {
            foreach (var trial in _trials)
            {
                if (trial.Pays)
                    return trial.Proof;
            }

            return _trials[^1].Proof;
        }
    }

    /// <param name="now">By a clock that counts freezes and never goes back.</param>
    public void Invoked(TimeSpan now)
    {
        var gap = now - _last;
        _last = now;
        if (gap is not { } passed)
            _flushed = now;
        else if (passed < longGap)
            Continue(now, passed);
        else
            Break(now);
    }

    private void Continue(TimeSpan now, TimeSpan gap)
    {
        _gaps[_run % Remembered] = gap;
        _run++;
        foreach (var trial in _trials)
            trial.Continued(_run);
        if (now - _flushed >= interval || now - _flushed >= staleness)
        {
            _flushed = now;
            _waiting = 0;
        }

        _waiting++;
    }

    private void Break(TimeSpan now)
    {
        if (now - _flushed >= staleness)
        {
            foreach (var trial in _trials)
                trial.Broke(_run, _waiting);
        }

        _run = 0;
        _flushed = now;
        _waiting = 0;
    }

    /// <summary>What would have come of deferring after this many short gaps.</summary>
    private sealed class Trial(int proof)
    {
        private double _deferred;
        private double _stale;

        public int Proof => proof;

        public bool Pays => _stale <= _deferred * StaleForDeferred;

        public void Continued(int run)
        {
            if (run < proof)
                return;
            _deferred = (_deferred * Fading) + 1;
            _stale *= Fading;
        }

        public void Broke(int run, int waiting)
        {
            if (run >= proof)
                _stale += Math.Min(waiting, run - proof + 1);
        }
    }
}
