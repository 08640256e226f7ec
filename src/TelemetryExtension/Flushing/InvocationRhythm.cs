namespace TelemetryExtension.Flushing;

/// <summary>
/// Predicts from the gaps between invocations whether the next one comes soon enough to leave data waiting for it. Nobody can know that a burst has
/// ended, so the rhythm counts as steady only after a number of short gaps in a row. That number is learned: for each of 5, 20, 80 and 320 this
/// records what deferring after so many gaps would have led to, whether or not the number is in use. The smallest number that pays is used:
/// invocations that need not wait for their flush must outnumber those whose data becomes stale by twenty to one. When none pays, the largest is
/// used.
/// </summary>
/// <param name="longGap">Data does not wait for the next invocation over a gap this long.</param>
/// <param name="staleness">Data that waits longer than this is stale.</param>
/// <param name="interval">Deferred data is flushed this often while invocations arrive.</param>
internal sealed class InvocationRhythm(TimeSpan longGap, TimeSpan staleness, TimeSpan interval)
{
    public const int FirstProof = 5;
    private const int Remembered = 20;
    private const double StaleForDeferred = 1.0 / 20;

    /// <summary>Multiplying by this at each invocation gives a memory of about the last thousand.</summary>
    private const double Fading = 0.999;

    private readonly TimeSpan[] _gaps = new TimeSpan[Remembered];
    private readonly Trial[] _trials = [new(FirstProof), new(20), new(80), new(320)];
    private TimeSpan? _last;
    private int _run;

    // Of a simulated policy that always defers: its last flush, and the invocations that wait since then.
    private TimeSpan _flushed;
    private int _waiting;

    /// <summary>Whether enough short gaps came in a row, the last one included.</summary>
    public bool IsSteady => _run >= Proof;

    /// <summary>The longest of the last gaps, as the gap to expect. Meaningful while steady.</summary>
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

    /// <param name="now">From a clock that counts freezes and never goes back.</param>
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

    /// <summary>What deferring after this many short gaps would have led to.</summary>
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
